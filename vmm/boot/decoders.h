// The decoders behind make_decoder, one function per library. Internal to vmm/boot.
#pragma once

#include <memory>
#include <string_view>

#include "vmm/boot/decompress.h"

namespace skiff {

std::unique_ptr<Decoder> make_gzip_decoder(PackedInput input);
std::unique_ptr<Decoder> make_bzip2_decoder(PackedInput input);
std::unique_ptr<Decoder> make_xz_decoder(PackedInput input);
std::unique_ptr<Decoder> make_lzma_decoder(PackedInput input);
std::unique_ptr<Decoder> make_lz4_decoder(PackedInput input);
std::unique_ptr<Decoder> make_zstd_decoder(PackedInput input);

// Throws ConfigError: "<image>: its <format> payload is <why>".
[[noreturn]] void refuse_payload(const PackedInput& input, std::string_view format,
                                 std::string_view why);

}  // namespace skiff
