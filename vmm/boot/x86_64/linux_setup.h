// The setup header of a bzImage (Linux, Documentation/arch/x86/boot.rst, "The Real-Mode Kernel
// Header"), parsed and checked. Pure: reads a ByteSource, writes nothing.
#pragma once

#include <asm/bootparam.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "vmm/boot/byte_source.h"
#include "vmm/boot/decompress.h"

namespace skiff {

struct LinuxSetup {
  setup_header header{};               // a copy, zero past the header's own end
  std::uint64_t kernel_offset = 0;     // protected-mode code in the file
  std::uint64_t kernel_size = 0;       // [bytes]
  std::uint64_t payload_offset = 0;    // in the file; 0: protocol before 2.08, none told
  std::uint64_t payload_size = 0;      // [bytes]
  std::optional<Compression> payload;  // nothing: none told, or of no known format
};

// True if these first bytes (at least 0x206 of them) carry the boot sector and header signatures.
bool is_bzimage(std::span<const std::byte> head);

// Throws ConfigError: no bzImage, a protocol before 2.06, a zImage, cut short, a payload outside
// the file.
LinuxSetup parse_linux_setup(ByteSource& kernel);

// The payload as vmlinux, unpacked as it is read, `limit` bytes at most. Throws ConfigError where
// the format is not known or not unpacked by Skiff.
std::unique_ptr<DecodedSource> open_payload(ByteSource& kernel, const LinuxSetup& setup,
                                            std::uint64_t limit);

}  // namespace skiff
