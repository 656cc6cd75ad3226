#include "vmm/boot/byte_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "vmm/base/bytes.h"
#include "vmm/base/error.h"

namespace skiff {

std::size_t ByteSource::read_head(std::span<std::byte> out) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(*size(), out.size()));
  read(0, out.first(count));
  return count;
}

void BytesSource::read(std::uint64_t offset, std::span<std::byte> out) {
  const auto bytes = subspan(bytes_, offset, out.size());
  if (!bytes) {
    throw ConfigError(
        fmt::format("{} is cut short: {} bytes at offset {} are needed, it has {} bytes", name_,
                    out.size(), offset, bytes_.size()));
  }
  std::ranges::copy(*bytes, out.begin());
}

}  // namespace skiff
