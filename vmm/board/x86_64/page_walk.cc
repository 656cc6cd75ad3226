#include "vmm/board/x86_64/page_walk.h"

#include <cstring>

#include "vmm/board/x86_64/register_bits.h"

namespace skiff {
namespace {

constexpr std::uint64_t kCr0Paging = 1ULL << 31;
constexpr std::uint64_t kCr4PageSize = 1ULL << 4;
constexpr std::uint64_t kCr4Pae = 1ULL << 5;
constexpr std::uint64_t kCr4La57 = 1ULL << 12;
constexpr std::uint64_t kEferNoExecute = 1ULL << 11;

constexpr std::uint64_t kPresent = 1, kWritable = 2, kUser = 4;
constexpr std::uint64_t kLargePage = 1ULL << 7;
constexpr std::uint64_t kNoExecute = 1ULL << 63;
// The architecture's widest physical address; which of these a processor lacks is not in its state.
constexpr std::uint64_t kAddressMask = 0x000f'ffff'ffff'f000ULL;

// Bits `high` to `low`, both inclusive.
constexpr std::uint64_t bits(unsigned high, unsigned low) {
  return ((high == 63 ? 0 : 1ULL << (high + 1)) - 1) & ~((1ULL << low) - 1);
}

// The shape of one level, counted from the leaf (1 = page table).
struct Level {
  std::string_view table;
  unsigned shift;  // of the index in the linear address
  unsigned index_bits;
  bool may_be_leaf;  // PS may be set
};

constexpr std::array<Level, 5> kLongLevels = {{{"PML5", 48, 9, false},
                                               {"PML4", 39, 9, false},
                                               {"PDPT", 30, 9, true},
                                               {"PD", 21, 9, true},
                                               {"PT", 12, 9, false}}};
constexpr std::array<Level, 3> kPaeLevels = {
    {{"PDPT", 30, 2, false}, {"PD", 21, 9, true}, {"PT", 12, 9, false}}};
constexpr std::array<Level, 2> kBits32Levels = {{{"PD", 22, 10, true}, {"PT", 12, 10, false}}};

struct Shape {
  std::span<const Level> levels;
  std::size_t entry_size;  // [bytes]
  std::uint64_t root;      // guest-physical
};

Shape shape_of(const VcpuState& state, PagingMode mode) {
  switch (mode) {
    case PagingMode::level5:
      return {kLongLevels, 8, state.cr3 & kAddressMask};
    case PagingMode::level4:
      return {std::span(kLongLevels).subspan(1), 8, state.cr3 & kAddressMask};
    case PagingMode::pae:
      // The processor keeps the four PDPTEs in registers since the last write to CR3; memory shows
      // what it would load now (SDM 4.4.1).
      return {kPaeLevels, 8, state.cr3 & 0xffff'ffe0ULL};
    case PagingMode::bits32:
    case PagingMode::none:
      break;
  }
  return {kBits32Levels, 4, state.cr3 & 0xffff'f000ULL};
}

std::uint64_t reserved_bits(const VcpuState& state, PagingMode mode, const Level& level,
                            std::uint64_t entry, bool is_leaf) {
  std::uint64_t reserved = 0;
  if (mode == PagingMode::bits32) {
    // A 4 MiB page carries physical bits 39:32 in 20:13 (PSE-36).
    return is_leaf && level.shift == 22 ? entry & (1ULL << 21) : 0;
  }
  const bool is_pae = mode == PagingMode::pae;
  if (is_pae && level.table == "PDPT") return entry & (bits(63, 52) | bits(8, 5) | bits(2, 1));
  if (is_pae) reserved |= bits(62, 52);
  if ((state.efer & kEferNoExecute) == 0) reserved |= kNoExecute;
  if (level.shift >= 39) reserved |= kLargePage;
  // Above a leaf's PAT bit (12), the offset within the page must be zero.
  if (is_leaf && level.shift > 12) reserved |= bits(level.shift - 1, 13);
  return entry & reserved;
}

bool is_large(const VcpuState& state, PagingMode mode, const Level& level, std::uint64_t entry) {
  if (!level.may_be_leaf || (entry & kLargePage) == 0) return false;
  return mode != PagingMode::bits32 || (state.cr4 & kCr4PageSize) != 0;
}

void finish(PageWalk& walk, const Level& level, std::uint64_t entry) {
  walk.page_size = 1ULL << level.shift;
  std::uint64_t frame = entry & kAddressMask & ~(walk.page_size - 1);
  if (walk.mode == PagingMode::bits32) {
    frame = entry & 0xffff'f000ULL & ~(walk.page_size - 1);
    if (level.shift == 22) frame |= (entry & bits(20, 13)) << 19;
  }
  walk.physical = frame | (walk.linear & (walk.page_size - 1));
}

bool is_canonical(std::uint64_t linear, unsigned width) {
  const auto shifted = static_cast<std::int64_t>(linear << (64 - width));
  return static_cast<std::uint64_t>(shifted >> (64 - width)) == linear;
}

bool is_ram(const PhysicalReader& read, std::uint64_t address) {
  std::byte byte{};
  return read(address, std::span(&byte, 1));
}

void walk_tables(PageWalk& walk, const VcpuState& state, const PhysicalReader& read) {
  const Shape shape = shape_of(state, walk.mode);
  std::uint64_t table = shape.root;
  for (const Level& level : shape.levels) {
    PageWalkStep& step = walk.steps[walk.step_count++];
    step.table = level.table;
    step.index =
        static_cast<std::uint32_t>(walk.linear >> level.shift & ((1ULL << level.index_bits) - 1));
    step.entry_address = table + step.index * shape.entry_size;
    std::array<std::byte, 8> raw{};
    step.is_readable = read(step.entry_address, std::span(raw).first(shape.entry_size));
    if (!step.is_readable) {
      walk.end = PageWalk::End::table_not_ram;
      return;
    }
    std::memcpy(&step.value, raw.data(), raw.size());
    const std::uint64_t entry = step.value;
    if ((entry & kPresent) == 0) {
      walk.end = PageWalk::End::not_present;
      return;
    }
    const bool is_leaf = level.shift == 12 || is_large(state, walk.mode, level, entry);
    step.reserved = reserved_bits(state, walk.mode, level, entry, is_leaf);
    if (step.reserved != 0) {
      walk.end = PageWalk::End::reserved_bits;
      return;
    }
    const bool is_pdpte = walk.mode == PagingMode::pae && level.table == "PDPT";
    if (!is_pdpte) {  // a PDPTE has no rights of its own
      walk.is_writable = walk.is_writable && (entry & kWritable) != 0;
      walk.is_user = walk.is_user && (entry & kUser) != 0;
      walk.is_executable =
          walk.is_executable && (shape.entry_size == 4 || (entry & kNoExecute) == 0);
    }
    if (is_leaf) {
      finish(walk, level, entry);
      return;
    }
    table = entry & (shape.entry_size == 4 ? 0xffff'f000ULL : kAddressMask);
  }
}

}  // namespace

PagingMode paging_mode(const VcpuState& state) {
  if ((state.cr0 & kCr0Paging) == 0) return PagingMode::none;
  if ((state.cr4 & kCr4Pae) == 0) return PagingMode::bits32;
  if ((state.efer & kEferLongActive) == 0) return PagingMode::pae;
  return (state.cr4 & kCr4La57) != 0 ? PagingMode::level5 : PagingMode::level4;
}

std::string_view to_string(PagingMode mode) {
  switch (mode) {
    case PagingMode::none:
      return "no paging";
    case PagingMode::bits32:
      return "32-bit paging";
    case PagingMode::pae:
      return "PAE paging";
    case PagingMode::level4:
      return "4-level paging";
    case PagingMode::level5:
      return "5-level paging";
  }
  return "unknown paging";
}

std::string_view to_string(PageWalk::End end) {
  switch (end) {
    case PageWalk::End::mapped:
      return "mapped";
    case PageWalk::End::non_canonical:
      return "the address is not canonical";
    case PageWalk::End::not_present:
      return "not present (P is clear)";
    case PageWalk::End::table_not_ram:
      return "no RAM at the entry's address";
    case PageWalk::End::reserved_bits:
      return "reserved bits are set";
  }
  return "unknown";
}

PageWalk walk_pages(const VcpuState& state, std::uint64_t linear, const PhysicalReader& read) {
  PageWalk walk;
  walk.mode = paging_mode(state);
  const bool is_long = walk.mode == PagingMode::level4 || walk.mode == PagingMode::level5;
  // Linear addresses are 32 bits wide outside long mode.
  walk.linear = is_long ? linear : linear & 0xffff'ffffULL;
  if (walk.mode == PagingMode::none) {
    walk.physical = walk.linear;
  } else if (is_long && !is_canonical(linear, walk.mode == PagingMode::level5 ? 57 : 48)) {
    walk.end = PageWalk::End::non_canonical;
    return walk;
  } else {
    walk_tables(walk, state, read);
  }
  walk.is_in_ram = walk.is_mapped() && is_ram(read, walk.physical);
  return walk;
}

std::string page_flags(std::uint64_t entry) {
  static constexpr std::string_view kNames[] = {"P", "RW", "US", "PWT", "PCD", "A", "D", "PS", "G"};
  std::string text;
  const auto append = [&text](std::string_view name) {
    if (!text.empty()) text += ' ';
    text += name;
  };
  for (std::size_t bit = 0; bit < std::size(kNames); ++bit) {
    if ((entry >> bit & 1) != 0) append(kNames[bit]);
  }
  if ((entry & kNoExecute) != 0) append("NX");
  return text.empty() ? "-" : text;
}

std::size_t read_linear(const VcpuState& state, std::uint64_t linear, const PhysicalReader& read,
                        std::span<std::byte> out) {
  for (std::size_t at = 0; at < out.size(); ++at) {
    const PageWalk walk = walk_pages(state, linear + at, read);
    if (!walk.is_in_ram || !read(walk.physical, out.subspan(at, 1))) return at;
  }
  return out.size();
}

}  // namespace skiff
