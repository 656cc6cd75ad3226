// A page walk as the processor would do it, written down step by step, for reports.
//
// All of it is data the guest owns: tables may point outside RAM, at themselves, or change while
// they are read. A walk reads at most one entry per level (5) and never more.
// Sources: Intel SDM volume 3, chapter 4 (4.3 32-bit, 4.4 PAE, 4.5 4-level and 5-level paging).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "vmm/board/physical_reader.h"
#include "vmm/kvm/x86_64/vcpu_state.h"

namespace skiff {

enum class PagingMode { none, bits32, pae, level4, level5 };
PagingMode paging_mode(const VcpuState& state);
std::string_view to_string(PagingMode mode);

struct PageWalkStep {
  std::string_view table;           // "PML4", "PDPT", ...
  std::uint32_t index = 0;          // of the entry in its table
  std::uint64_t entry_address = 0;  // guest-physical
  std::uint64_t value = 0;          // meaningless if !is_readable
  bool is_readable = false;         // the entry lies in RAM
  std::uint64_t reserved = 0;       // reserved bits that are set
};

struct PageWalk {
  enum class End {
    mapped,
    non_canonical,  // not walked: bits above the address width are not copies of its top bit
    not_present,    // the last step's P bit is clear
    table_not_ram,  // the last step's entry lies outside RAM
    reserved_bits,  // the last step's entry has reserved bits set
  };
  static constexpr std::size_t kMaxSteps = 5;

  PagingMode mode = PagingMode::none;
  std::uint64_t linear = 0;
  End end = End::mapped;
  std::size_t step_count = 0;
  std::array<PageWalkStep, kMaxSteps> steps{};
  // If mapped:
  std::uint64_t physical = 0;                                     // of `linear`
  std::uint64_t page_size = 0;                                    // [bytes]; 0 without paging
  bool is_in_ram = false;                                         // the byte at `physical` is RAM
  bool is_writable = true, is_user = true, is_executable = true;  // of all levels together

  bool is_mapped() const { return end == End::mapped; }
};

PageWalk walk_pages(const VcpuState& state, std::uint64_t linear, const PhysicalReader& read);

// "P RW US A D PS NX": the flag bits of an entry that are set.
std::string page_flags(std::uint64_t entry);
// "not present", "no RAM at the entry's address", ...
std::string_view to_string(PageWalk::End end);

// Copies from linear addresses, byte by byte, up to the first that has no RAM behind it; the count
// copied.
std::size_t read_linear(const VcpuState& state, std::uint64_t linear, const PhysicalReader& read,
                        std::span<std::byte> out);

}  // namespace skiff
