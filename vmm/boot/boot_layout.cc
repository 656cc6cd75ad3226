#include "vmm/boot/boot_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

std::string show(const Range& range) {
  if (!range.valid()) return fmt::format("{:#x} + {:#x} bytes", range.start, range.size);
  return fmt::format("{:#x}-{:#x}", range.start, range.last());
}

std::string show_size(std::uint64_t size) {
  if (size < MiB) return fmt::format("{} KiB", (size + KiB - 1) / KiB);
  return fmt::format("{} MiB", size / MiB + (size % MiB != 0 ? 1 : 0));
}

}  // namespace

BootLayout::BootLayout(const GuestMemory& memory, std::span<const MemoryMapEntry> map,
                       std::span<const NamedRange> reserved)
    : memory_(memory), reserved_(reserved.begin(), reserved.end()) {
  for (const MemoryMapEntry& entry : map) {
    if (entry.type == MemoryType::usable && entry.range.valid()) usable_.push_back(entry.range);
  }
  std::ranges::sort(usable_, {}, &Range::start);
  // Page zero: real-mode interrupt vectors, and where a null pointer should find nothing.
  reserved_.push_back({"page 0", {0, kPageSize}});
}

const NamedRange* BootLayout::blocker(Range range) const {
  for (const auto* list : {&reserved_, &taken_}) {
    for (const NamedRange& other : *list) {
      if (other.range.overlaps(range)) return &other;
    }
  }
  return nullptr;
}

std::span<std::byte> BootLayout::bytes(Range range) const {
  return memory_.slice(GuestAddress(range.start), range.size).value();
}

std::span<std::byte> BootLayout::claim(std::string_view name, Range range) {
  if (range.empty()) return {};
  const bool inside =
      std::ranges::any_of(usable_, [&](const Range& usable) { return usable.contains(range); });
  const auto host = inside ? memory_.slice(GuestAddress(range.start), range.size) : std::nullopt;
  if (!host) {
    std::string ram;
    for (const Range& usable : usable_)
      ram += (ram.empty() ? "" : ", ") + show(usable);
    throw ConfigError(
        fmt::format("{} wants guest memory {}, which is not (all) RAM; the guest's RAM is {}", name,
                    show(range), ram.empty() ? "empty" : ram));
  }
  if (const NamedRange* other = blocker(range)) {
    throw ConfigError(fmt::format("{} at {} overlaps {} at {}", name, show(range), other->name,
                                  show(other->range)));
  }
  taken_.push_back({std::string(name), range});
  return *host;
}

Range BootLayout::allocate_low(std::string_view name, std::uint64_t size, std::uint64_t alignment,
                               std::uint64_t max_last, std::uint64_t min_start) {
  for (const Range& usable : usable_) {
    std::uint64_t next = std::max(usable.start, min_start);
    while (true) {
      const auto start = checked_align_up(next, alignment);
      const Range candidate{start.value_or(0), size};
      if (!start || !usable.contains(candidate) || candidate.last() > max_last) break;
      const NamedRange* other = blocker(candidate);
      if (other == nullptr && memory_.slice(GuestAddress(*start), size)) {
        taken_.push_back({std::string(name), candidate});
        return candidate;
      }
      if (other == nullptr || other->range.last() == ~0ULL) break;
      next = other->range.last() + 1;
    }
  }
  throw ConfigError(no_room(name, size, max_last));
}

Range BootLayout::allocate_high(std::string_view name, std::uint64_t size, std::uint64_t alignment,
                                std::uint64_t max_last) {
  for (auto usable = usable_.rbegin(); usable != usable_.rend(); ++usable) {
    if (usable->start > max_last) continue;
    std::uint64_t last = std::min(usable->last(), max_last);
    while (size != 0 && last - usable->start >= size - 1) {
      const std::uint64_t start = align_down(last - (size - 1), alignment);
      const Range candidate{start, size};
      if (start < usable->start) break;
      const NamedRange* other = blocker(candidate);
      if (other == nullptr && memory_.slice(GuestAddress(start), size)) {
        taken_.push_back({std::string(name), candidate});
        return candidate;
      }
      if (other == nullptr || other->range.start <= usable->start) break;
      last = other->range.start - 1;
    }
  }
  throw ConfigError(no_room(name, size, max_last));
}

std::string BootLayout::no_room(std::string_view name, std::uint64_t size,
                                std::uint64_t max_last) const {
  return fmt::format(
      "no room for {} ({}) below {:#x}: the guest has {} of RAM and {} of it is taken; raise "
      "machine.memory or use a smaller file",
      name, show_size(size), max_last, show_size(usable()), [this] {
        std::uint64_t sum = 0;
        for (const NamedRange& range : taken_)
          sum += range.range.size;
        return show_size(sum);
      }());
}

std::uint64_t BootLayout::usable() const {
  std::uint64_t sum = 0;
  for (const Range& range : usable_)
    sum += range.size;
  return sum;
}

}  // namespace skiff
