#include "vmm/boot/elf_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "vmm/base/bytes.h"

namespace skiff {

void load_elf(ByteSource& image, const ElfFile& elf, BootLayout& layout, std::string_view name,
              bool memory_is_zero) {
  std::vector<std::span<std::byte>> places;
  for (const ElfSegment& segment : elf.segments) {
    places.push_back(
        layout.claim(fmt::format("{} segment", name), {segment.address, segment.memory_size}));
  }
  for (std::size_t i = 0; i < elf.segments.size(); ++i) {
    const auto file_size = static_cast<std::size_t>(elf.segments[i].file_size);
    if (file_size != 0) image.read(elf.segments[i].file_offset, places[i].first(file_size));
    if (!memory_is_zero) std::ranges::fill(places[i].subspan(file_size), std::byte{0});
  }
}

std::optional<std::uint64_t> physical_entry(const ElfFile& elf, std::uint64_t entry) {
  for (const ElfSegment& segment : elf.segments) {
    if (Range{segment.address, segment.memory_size}.contains(entry)) return entry;
  }
  for (const ElfSegment& segment : elf.segments) {
    if (entry - segment.virtual_address < segment.memory_size) {
      return segment.address + (entry - segment.virtual_address);
    }
  }
  return std::nullopt;
}

}  // namespace skiff
