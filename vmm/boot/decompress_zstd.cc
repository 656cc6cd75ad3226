// zstd by libzstd.
#include <zstd.h>

#include "vmm/base/error.h"
#include "vmm/boot/decoders.h"

namespace skiff {
namespace {

// The kernel packs with `zstd -22 --ultra`, a window of 128 MiB; more is refused.
constexpr int kWindowLogMax = 27;

class ZstdDecoder final : public Decoder {
 public:
  explicit ZstdDecoder(PackedInput input)
      : input_(std::move(input)), context_(::ZSTD_createDCtx(), &::ZSTD_freeDCtx) {
    if (context_ == nullptr) throw HostError("libzstd found no memory");
    ::ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLogMax);
  }

  std::size_t read(std::span<std::byte> out) override {
    ZSTD_outBuffer target{out.data(), out.size(), 0};
    while (target.pos < target.size && !ended_) {
      const bool more = piece_.pos < piece_.size || refill();
      const std::size_t before = target.pos;
      const std::size_t result = ::ZSTD_decompressStream(context_.get(), &target, &piece_);
      if (::ZSTD_isError(result)) {
        refuse_payload(input_, "zstd", ::ZSTD_getErrorName(result));
      }
      // Without input libzstd may still hold output; once it has none the frame was cut.
      if (!more && target.pos == before && result != 0) refuse_payload(input_, "zstd", "cut short");
      // 0: a frame is complete. The kernel writes one, followed by its unpacked size.
      ended_ = result == 0;
    }
    return target.pos;
  }

 private:
  bool refill() {
    const auto bytes = input_.next();
    piece_ = {bytes.data(), bytes.size(), 0};
    return !bytes.empty();
  }

  PackedInput input_;
  std::unique_ptr<ZSTD_DCtx, decltype(&::ZSTD_freeDCtx)> context_;
  ZSTD_inBuffer piece_{nullptr, 0, 0};
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_zstd_decoder(PackedInput input) {
  return std::make_unique<ZstdDecoder>(std::move(input));
}

}  // namespace skiff
