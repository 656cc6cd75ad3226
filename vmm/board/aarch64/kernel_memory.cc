#include "vmm/board/aarch64/kernel_memory.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "vmm/base/bits.h"
#include "vmm/base/bytes.h"

namespace skiff::arm64 {
namespace {

constexpr std::uint64_t kSegment = 64 * KiB;  // SEGMENT_ALIGN
constexpr std::uint64_t kReach = 128 * MiB;
constexpr std::uint64_t kUpperHalf = 1ULL << 55;

}  // namespace

bool KernelMemory::read(std::uint64_t address, std::span<std::byte> out) {
  while (!out.empty()) {
    const std::uint64_t page = align_down<std::uint64_t>(address, kPageSize);
    if (page != last_page_) {
      last_ = walk_stage1(registers_, page, read_);
      last_page_ = page;
    }
    if (!last_.is_in_ram) return false;
    const std::uint64_t offset = address - page;
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(kPageSize - offset, out.size()));
    if (!read_(last_.physical + offset, out.first(size))) return false;
    out = out.subspan(size);
    address += size;
  }
  return true;
}

bool has_waited(const Stage1Registers& registers, std::uint64_t pc, const PhysicalReader& read) {
  constexpr std::uint64_t kSize = 4;
  constexpr std::uint32_t kWfi = 0xd503'207f;
  std::array<std::byte, kSize> bytes{};
  if (pc % kSize != 0 || pc < kSize || !KernelMemory(registers, read).read(pc - kSize, bytes))
    return false;
  return load_le<std::uint32_t>(bytes, 0) == kWfi;
}

std::optional<Range> kernel_image(const Stage1Registers& registers, std::uint64_t inside,
                                  const PhysicalReader& read) {
  const auto is_mapped = [&](std::uint64_t address) {
    return (address & kUpperHalf) != 0 && walk_stage1(registers, address, read).is_in_ram;
  };
  const std::uint64_t middle = align_down<std::uint64_t>(inside, kSegment);
  if (!is_mapped(middle)) return std::nullopt;
  // Nothing wraps: an address in the upper half is far from zero, and the last segment of all ends
  // the way up.
  std::uint64_t start = middle, end = middle + kSegment;
  while (middle - start < kReach && is_mapped(start - kSegment))
    start -= kSegment;
  while (end != 0 && end - middle < kReach && is_mapped(end))
    end += kSegment;
  start -= kSegment;
  return Range{start, end - start};
}

}  // namespace skiff::arm64
