// LZ4's "legacy" frame, which is what the kernel packs with (lz4_Frame_format.md, "Legacy frame"):
// a magic number, then blocks of a 32-bit packed size and its bytes, each block 8 MiB unpacked.
#include <lz4.h>

#include <algorithm>
#include <cstring>

#include "vmm/base/bits.h"
#include "vmm/boot/decoders.h"

namespace skiff {
namespace {

constexpr std::uint32_t kMagic = 0x184c2102;
constexpr std::size_t kBlock = 8 * MiB;

class Lz4Decoder final : public Decoder {
 public:
  explicit Lz4Decoder(PackedInput input) : input_(std::move(input)) {
    if (take_word() != kMagic) refuse_payload(input_, "lz4", "without its magic number");
  }

  std::size_t read(std::span<std::byte> out) override {
    std::size_t done = 0;
    while (done < out.size()) {
      if (pending_.empty()) {
        const auto rest = out.subspan(done);
        // Where a whole block has room it is unpacked in place, else beside and copied.
        const bool in_place = rest.size() >= kBlock;
        if (!in_place && scratch_ == nullptr) {
          scratch_ = std::make_unique_for_overwrite<std::byte[]>(kBlock);
        }
        const auto block =
            next_block(in_place ? rest.first(kBlock) : std::span(scratch_.get(), kBlock));
        if (block.empty()) break;
        if (in_place) {
          done += block.size();
          continue;
        }
        pending_ = block;
      }
      const std::size_t count = std::min(pending_.size(), out.size() - done);
      std::memcpy(out.data() + done, pending_.data(), count);
      pending_ = pending_.subspan(count);
      done += count;
    }
    return done;
  }

 private:
  std::uint32_t take_word() {
    const auto bytes = input_.take(sizeof(std::uint32_t));
    if (!bytes) refuse_payload(input_, "lz4", "cut short");
    std::uint32_t word;
    std::memcpy(&word, bytes->data(), sizeof(word));
    return word;
  }

  // Empty at the end: the kernel appends the unpacked size, so that four bytes or fewer are left.
  std::span<const std::byte> next_block(std::span<std::byte> out) {
    std::uint32_t packed = kMagic;
    while (packed == kMagic) {  // frames may follow each other
      if (input_.remaining() <= sizeof(packed)) return {};
      packed = take_word();
    }
    if (packed == 0) return {};
    if (packed > static_cast<std::uint32_t>(LZ4_COMPRESSBOUND(kBlock))) {
      refuse_payload(input_, "lz4", "damaged: a block is larger than the format allows");
    }
    const auto bytes = input_.take(packed);
    if (!bytes) refuse_payload(input_, "lz4", "cut short");
    const int got = ::LZ4_decompress_safe(reinterpret_cast<const char*>(bytes->data()),
                                          reinterpret_cast<char*>(out.data()),
                                          static_cast<int>(packed), static_cast<int>(out.size()));
    if (got <= 0) refuse_payload(input_, "lz4", "damaged");
    return out.first(static_cast<std::size_t>(got));
  }

  PackedInput input_;
  std::unique_ptr<std::byte[]> scratch_;
  std::span<const std::byte> pending_;  // of scratch_, not handed out yet
};

}  // namespace

std::unique_ptr<Decoder> make_lz4_decoder(PackedInput input) {
  return std::make_unique<Lz4Decoder>(std::move(input));
}

}  // namespace skiff
