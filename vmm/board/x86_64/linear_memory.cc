#include "vmm/board/x86_64/linear_memory.h"

#include <algorithm>

#include "vmm/base/bits.h"

namespace skiff {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kStep = 2 * MiB;
constexpr std::uint64_t kImageStart = 0xffff'ffff'8000'0000ULL;
constexpr std::uint64_t kImageEnd = 0xffff'ffff'c000'0000ULL;
constexpr std::size_t kMostImages = 8;

}  // namespace

bool LinearMemory::read(std::uint64_t linear, std::span<std::byte> out) {
  while (!out.empty()) {
    const std::uint64_t page = align_down<std::uint64_t>(linear, kPage);
    if (page != last_page_) {
      last_ = walk_pages(state_, page, read_);
      last_page_ = page;
    }
    if (!last_.is_in_ram) return false;
    const std::uint64_t offset = linear - page;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(kPage - offset, out.size()));
    if (!read_(last_.physical + offset, out.first(size))) return false;
    out = out.subspan(size);
    linear += size;
  }
  return true;
}

std::vector<Range> kernel_images(const VcpuState& state, const PhysicalReader& read) {
  const PagingMode mode = paging_mode(state);
  if (mode != PagingMode::level4 && mode != PagingMode::level5) return {};
  std::vector<Range> images;
  for (std::uint64_t at = kImageStart; at < kImageEnd; at += kStep) {
    // The image need not begin with a page that is mapped by itself: of a large page any will do.
    if (!walk_pages(state, at, read).is_in_ram) continue;
    if (!images.empty() && images.back().start + images.back().size == at) {
      images.back().size += kStep;
    } else {
      images.push_back({at, kStep});
    }
  }
  std::ranges::sort(images, [](const Range& a, const Range& b) {
    return a.size != b.size ? a.size > b.size : a.start < b.start;
  });
  if (images.size() > kMostImages) images.resize(kMostImages);
  return images;
}

}  // namespace skiff
