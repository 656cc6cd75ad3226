// A stage 1 translation as the processor would do it at EL1, written down step by step, for
// reports.
//
// All of it is data the guest owns: tables may point outside RAM, at themselves, or change while
// they are read. A walk reads at most one descriptor a level (5) and never more.
// Source: ARM DDI 0487 (Arm Architecture Reference Manual), D8.2 and D8.3 (VMSAv8-64 translation
// tables), D17.2.139 (TCR_EL1). Plain data: compiled for the tests of every host.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "vmm/board/physical_reader.h"

namespace skiff::arm64 {

// What a translation depends on.
struct Stage1Registers {
  std::uint64_t sctlr = 0, tcr = 0, ttbr0 = 0, ttbr1 = 0;
};

struct Stage1Step {
  int level = 0;
  std::uint32_t index = 0;
  std::uint64_t descriptor_address = 0;  // guest-physical
  std::uint64_t value = 0;               // meaningless if !is_readable
  bool is_readable = false;              // the descriptor lies in RAM
};

struct Stage1Walk {
  enum class End {
    mapped,
    bad_address,    // not walked: the bits above the table's width are not all alike
    disabled,       // not walked: TCR_EL1.EPD0 or EPD1
    bad_registers,  // not walked: a granule or size that the architecture does not have
    invalid,        // the last step's descriptor is no descriptor
    table_not_ram,  // the last step's descriptor lies outside RAM
  };
  static constexpr std::size_t kMaxSteps = 5;

  std::uint64_t address = 0;
  bool is_mmu_on = false;
  bool is_upper = false;      // by TTBR1_EL1
  unsigned granule_bits = 0;  // 12, 14, 16; 0: not walked
  unsigned address_bits = 0;
  End end = End::mapped;
  std::size_t step_count = 0;
  std::array<Stage1Step, kMaxSteps> steps{};
  // If mapped:
  std::uint64_t physical = 0;
  std::uint64_t page_size = 0;                                    // [bytes]; 0 with the MMU off
  bool is_in_ram = false;                                         // the byte at `physical` is RAM
  bool is_writable = true, is_user = true, is_executable = true;  // executable: at EL1
  bool is_accessed = true;                                        // the access flag

  bool is_mapped() const { return end == End::mapped; }
};

Stage1Walk walk_stage1(const Stage1Registers& registers, std::uint64_t address,
                       const PhysicalReader& read);

std::string_view to_string(Stage1Walk::End end);
// Some lines: each step, and what came of it.
std::string describe(const Stage1Walk& walk);

}  // namespace skiff::arm64
