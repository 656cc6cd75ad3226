// Who owns which part of guest RAM before the first instruction runs. Every image, table and string
// is claimed here first, so that nothing the user gave can land on something else unnoticed.
// Thread rule: one thread, before the machine starts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/base/range.h"
#include "vmm/io/guest_memory.h"

namespace skiff {

// Values of E820 and of the PVH memory map.
enum class MemoryType : std::uint32_t { usable = 1, reserved = 2, acpi = 3, acpi_nvs = 4 };

struct MemoryMapEntry {
  Range range;
  MemoryType type = MemoryType::usable;
};

struct NamedRange {
  std::string name;
  Range range;
};

class BootLayout {
 public:
  // Nothing outside a usable entry of `map` is ever given out, nor anything in `reserved`.
  BootLayout(const GuestMemory& memory, std::span<const MemoryMapEntry> map,
             std::span<const NamedRange> reserved);

  // The host bytes of exactly this range, now taken; throws ConfigError with both ranges if it is
  // not usable RAM or is taken.
  std::span<std::byte> claim(std::string_view name, Range range);
  // Takes the lowest (highest) free place with start >= 4 KiB and last <= `max_last`, starting at a
  // multiple of `alignment` (power of two). Throws ConfigError with the sizes if there is none.
  Range allocate_low(std::string_view name, std::uint64_t size, std::uint64_t alignment,
                     std::uint64_t max_last, std::uint64_t min_start = 0);
  Range allocate_high(std::string_view name, std::uint64_t size, std::uint64_t alignment,
                      std::uint64_t max_last);
  std::span<std::byte> bytes(Range range) const;

  // Bytes of usable RAM: no image that unpacks to more can be loaded.
  std::uint64_t usable() const;
  const std::vector<NamedRange>& taken() const { return taken_; }

 private:
  const NamedRange* blocker(Range range) const;
  std::string no_room(std::string_view name, std::uint64_t size, std::uint64_t max_last) const;

  const GuestMemory& memory_;
  std::vector<Range> usable_;
  std::vector<NamedRange> reserved_;
  std::vector<NamedRange> taken_;
};

}  // namespace skiff
