// Any bytes as a compressed payload. The first byte selects the format and the way of reading, so
// that no run is lost on guessing a magic number.
#include <vector>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"
#include "vmm/boot/decompress.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  skiff::detect_compression(bytes);
  skiff::BytesSource packed("kernel", bytes);
  constexpr std::uint64_t kLimit = 4 * skiff::MiB;
  try {
    skiff::DecodedSource decoded("payload",
                                 skiff::make_decoder(static_cast<skiff::Compression>(data[0] % 7),
                                                     skiff::PackedInput(packed, 0, bytes.size())),
                                 kLimit);
    if (data[0] & 0x80) {
      decoded.read_all();
    } else {
      std::vector<std::byte> out(300'000);
      decoded.read(10, std::span(out).first(1000));
      decoded.read(60'000, out);
      decoded.read(1'000'000, out);
    }
  } catch (const skiff::Error&) {
  }
  return 0;
}
