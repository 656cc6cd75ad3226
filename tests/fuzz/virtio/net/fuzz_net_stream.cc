// Bytes of a stream socket, in any pieces: framing, and the text of a forward rule. Checked: a
// frame is never longer than the bound, and pieces give the same frames as the whole.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/net/forward_rule.h"
#include "vmm/net/frame_stream.h"

namespace skiff {
namespace {

constexpr std::size_t kLongest = 300;

std::vector<std::string> frames_of(std::span<const std::uint8_t> bytes, std::size_t piece) {
  FrameStreamReader reader(kLongest);
  std::vector<std::string> frames;
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min({piece, bytes.size(), reader.room().size()}));
    std::memcpy(reader.room().data(), part.data(), part.size());
    reader.filled(part.size());
    bytes = bytes.subspan(part.size());
    std::span<const std::byte> frame;
    for (;;) {
      const auto next = reader.next(frame);
      if (next == FrameStreamReader::Next::broken) return frames;
      if (next == FrameStreamReader::Next::more) break;
      if (frame.size() > kLongest) std::abort();
      frames.emplace_back(reinterpret_cast<const char*>(frame.data()), frame.size());
    }
  }
  return frames;
}

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto rule = skiff::ForwardRule::parse(text)) {
    if (skiff::ForwardRule::parse(rule->text()) != *rule) std::abort();
  }
  if (size == 0) return 0;
  const std::span<const std::uint8_t> bytes(data + 1, size - 1);
  const auto whole = skiff::frames_of(bytes, bytes.size());
  if (skiff::frames_of(bytes, 1 + data[0] % 40) != whole) std::abort();
  return 0;
}
