#include "vmm/board/aarch64/stage1_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace skiff::arm64 {
namespace {

constexpr std::uint64_t kSctlrMmu = 1U << 0;
constexpr std::uint64_t kSctlrBigEndian = 1U << 25;  // EE: descriptors too
constexpr unsigned kTcrDs = 59;                      // 52-bit addresses with small granules

constexpr std::uint64_t kValid = 1, kTableOrPage = 2;
constexpr std::uint64_t kUser = 1ULL << 6, kReadOnly = 1ULL << 7, kAccessed = 1ULL << 10;
constexpr std::uint64_t kPxn = 1ULL << 53;
// Of a table descriptor: limits of all below it.
constexpr std::uint64_t kPxnTable = 1ULL << 59, kNoUserTable = 1ULL << 61,
                        kReadOnlyTable = 1ULL << 62;

constexpr std::uint64_t field(std::uint64_t value, unsigned low, unsigned width) {
  return value >> low & ((1ULL << width) - 1);
}

// One half of the address space, as TCR_EL1 shapes it.
struct Half {
  std::uint64_t root = 0;  // TTBR
  unsigned granule = 0;    // [bits]; 0: none that exists
  unsigned size = 0;       // [bits] of address
  bool is_disabled = false;
  bool ignores_tag = false;     // TBI: the eight top bits of an address are no part of it
  bool ignores_tables = false;  // HPD: limits of table descriptors do not count
  bool is_wide = false;         // 52-bit output addresses
};

Half half_of(const Stage1Registers& registers, bool is_upper) {
  const std::uint64_t tcr = registers.tcr;
  // TG0 and TG1 name the same granules by different numbers.
  static constexpr std::array<unsigned, 4> kGranules0 = {12, 16, 14, 0};
  static constexpr std::array<unsigned, 4> kGranules1 = {0, 14, 12, 16};
  Half half;
  half.root = is_upper ? registers.ttbr1 : registers.ttbr0;
  half.granule = is_upper ? kGranules1[field(tcr, 30, 2)] : kGranules0[field(tcr, 14, 2)];
  half.size = 64 - static_cast<unsigned>(field(tcr, is_upper ? 16 : 0, 6));
  half.is_disabled = field(tcr, is_upper ? 23 : 7, 1) != 0;
  half.ignores_tag = field(tcr, is_upper ? 38 : 37, 1) != 0;
  half.ignores_tables = field(tcr, is_upper ? 42 : 41, 1) != 0;
  constexpr std::uint64_t kIps52 = 6;
  half.is_wide = half.granule == 16 ? field(tcr, 32, 3) == kIps52 : field(tcr, kTcrDs, 1) != 0;
  return half;
}

unsigned shift_of(const Half& half, int level) {
  return half.granule + static_cast<unsigned>(3 - level) * (half.granule - 3);
}

// The level whose table TTBR points at: -1 to 3, or 4 where there is none.
int first_level(const Half& half) {
  if (half.granule == 0 || half.size <= half.granule || half.size > 52) return 4;
  const unsigned stride = half.granule - 3;
  const unsigned levels = (half.size - half.granule + stride - 1) / stride;
  return levels > Stage1Walk::kMaxSteps ? 4 : 4 - static_cast<int>(levels);
}

// Bits 47 to `low`, and where they have been put, bits 48 to 51.
std::uint64_t output_address(const Half& half, std::uint64_t descriptor, unsigned low) {
  constexpr unsigned kTop = 48;
  std::uint64_t address = descriptor & ((1ULL << kTop) - 1) & ~((1ULL << low) - 1);
  if (!half.is_wide) return address;
  if (half.granule == 16) {
    address &= ~((1ULL << std::max(low, 16U)) - 1);
    return address | field(descriptor, 12, 4) << kTop;
  }
  return address | field(descriptor, 48, 2) << 48 | field(descriptor, 8, 2) << 50;
}

std::uint64_t table_of_root(const Half& half, unsigned index_bits) {
  // A table is aligned to its size; bits 2 to 5 are bits 48 to 51 where addresses are wide.
  const unsigned low = std::clamp(index_bits + 3, half.is_wide ? 6U : 4U, 16U);
  std::uint64_t address = half.root & ((1ULL << 48) - 1) & ~((1ULL << low) - 1);
  if (half.is_wide) address |= field(half.root, 2, 4) << 48;
  return address;
}

bool may_be_block(const Half& half, int level) {
  if (level == 2) return true;
  if (level == 1) return half.granule == 12 || half.is_wide;
  return level == 0 && half.granule == 12 && half.is_wide;
}

bool read_descriptor(const Stage1Registers& registers, const PhysicalReader& read,
                     Stage1Step& step) {
  std::array<std::byte, 8> raw{};
  step.is_readable = read(step.descriptor_address, raw);
  if (!step.is_readable) return false;
  if ((registers.sctlr & kSctlrBigEndian) != 0) std::ranges::reverse(raw);
  std::memcpy(&step.value, raw.data(), raw.size());
  return true;
}

void walk_tables(Stage1Walk& walk, const Stage1Registers& registers, const Half& half,
                 const PhysicalReader& read) {
  int level = first_level(half);
  unsigned index_bits = half.size - shift_of(half, level);
  std::uint64_t table = table_of_root(half, index_bits);
  for (; level <= 3; ++level, index_bits = half.granule - 3) {
    const unsigned shift = shift_of(half, level);
    Stage1Step& step = walk.steps[walk.step_count++];
    step.level = level;
    step.index = static_cast<std::uint32_t>(field(walk.address, shift, index_bits));
    step.descriptor_address = table + std::uint64_t{step.index} * 8;
    if (!read_descriptor(registers, read, step)) {
      walk.end = Stage1Walk::End::table_not_ram;
      return;
    }
    const std::uint64_t value = step.value;
    const bool is_table = level < 3 && (value & kTableOrPage) != 0;
    const bool is_leaf = level == 3 ? (value & kTableOrPage) != 0 : may_be_block(half, level);
    if ((value & kValid) == 0 || (!is_table && !is_leaf)) {
      walk.end = Stage1Walk::End::invalid;
      return;
    }
    if (is_table) {
      if (!half.ignores_tables) {
        walk.is_executable = walk.is_executable && (value & kPxnTable) == 0;
        walk.is_user = walk.is_user && (value & kNoUserTable) == 0;
        walk.is_writable = walk.is_writable && (value & kReadOnlyTable) == 0;
      }
      table = output_address(half, value, half.granule);
      continue;
    }
    walk.is_writable = walk.is_writable && (value & kReadOnly) == 0;
    walk.is_user = walk.is_user && (value & kUser) != 0;
    walk.is_executable = walk.is_executable && (value & kPxn) == 0;
    walk.is_accessed = (value & kAccessed) != 0;
    walk.page_size = 1ULL << shift;
    walk.physical = output_address(half, value, shift) | (walk.address & (walk.page_size - 1));
    return;
  }
}

// Bit 55 chooses the half; the bits from the half's width up must be like it (a tag may not be).
bool is_sound(std::uint64_t address, const Half& half) {
  const unsigned width = (half.ignores_tag ? 56 : 64) - half.size;
  const std::uint64_t above = field(address, half.size, width);
  return above == 0 || above == (1ULL << width) - 1;
}

}  // namespace

Stage1Walk walk_stage1(const Stage1Registers& registers, std::uint64_t address,
                       const PhysicalReader& read) {
  Stage1Walk walk;
  walk.address = address;
  walk.is_mmu_on = (registers.sctlr & kSctlrMmu) != 0;
  if (!walk.is_mmu_on) {
    walk.physical = address;
  } else {
    walk.is_upper = field(address, 55, 1) != 0;
    const Half half = half_of(registers, walk.is_upper);
    walk.granule_bits = half.granule;
    walk.address_bits = half.size;
    if (half.is_disabled) {
      walk.end = Stage1Walk::End::disabled;
    } else if (first_level(half) > 3) {
      walk.end = Stage1Walk::End::bad_registers;
    } else if (!is_sound(address, half)) {
      walk.end = Stage1Walk::End::bad_address;
    } else {
      walk_tables(walk, registers, half, read);
    }
  }
  std::byte byte{};
  walk.is_in_ram = walk.is_mapped() && read(walk.physical, std::span(&byte, 1));
  return walk;
}

std::string_view to_string(Stage1Walk::End end) {
  switch (end) {
    case Stage1Walk::End::mapped:
      return "mapped";
    case Stage1Walk::End::bad_address:
      return "the address is in neither half of the address space";
    case Stage1Walk::End::disabled:
      return "walks of this half are disabled (TCR_EL1.EPD)";
    case Stage1Walk::End::bad_registers:
      return "TCR_EL1 has a granule or size that does not exist";
    case Stage1Walk::End::invalid:
      return "not mapped";
    case Stage1Walk::End::table_not_ram:
      return "no RAM at the descriptor's address";
  }
  return "unknown";
}

std::string describe(const Stage1Walk& walk) {
  std::string text;
  for (std::size_t at = 0; at < walk.step_count; ++at) {
    const Stage1Step& step = walk.steps[at];
    text += fmt::format("    level {:>2} [{:>4}] at {:#014x}", step.level, step.index,
                        step.descriptor_address);
    text += step.is_readable ? fmt::format(" = {:#018x}\n", step.value) : ": not RAM\n";
  }
  if (!walk.is_mapped()) return text + fmt::format("    -> {}\n", to_string(walk.end));
  text += fmt::format("    -> physical {:#x}{}", walk.physical,
                      walk.is_in_ram ? "" : ", where there is no RAM");
  if (walk.page_size != 0) {
    const bool is_small = walk.page_size < (1U << 20);
    text += fmt::format(", a {} {} page, {}{}{}{}",
                        is_small ? walk.page_size >> 10 : walk.page_size >> 20,
                        is_small ? "KiB" : "MiB", walk.is_user ? "EL0 too" : "EL1 only",
                        walk.is_writable ? ", writable" : ", read only",
                        walk.is_executable ? ", executable" : ", not executable",
                        walk.is_accessed ? "" : ", access flag clear");
  }
  return text + "\n";
}

}  // namespace skiff::arm64
