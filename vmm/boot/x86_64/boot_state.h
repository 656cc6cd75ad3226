// What the boot vCPU's registers hold when it runs its first guest instruction, and what was put
// into RAM for it. Plain data that knows no KVM: vmm/board gives it to the vCPU.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vmm/boot/boot_layout.h"

namespace skiff {

// A segment register with its hidden part (Intel SDM vol. 3, 3.4.3). `limit` is in bytes whatever
// `g` says, as KVM has it. `present` false: the register is unusable.
struct BootSegment {
  std::uint16_t selector = 0;
  std::uint64_t base = 0;
  std::uint32_t limit = 0;
  std::uint8_t type = 0;
  bool s = false;
  std::uint8_t dpl = 0;
  bool present = false;
  bool l = false;
  bool db = false;
  bool g = false;
  bool avl = false;

  friend bool operator==(const BootSegment&, const BootSegment&) = default;
};

struct BootTable {
  std::uint64_t base = 0;
  std::uint16_t limit = 0;
};

struct BootState {
  std::uint64_t rip = 0, rsp = 0;
  std::uint64_t rax = 0, rbx = 0, rcx = 0, rdx = 0, rsi = 0, rdi = 0;
  std::uint64_t rflags = 0x2;
  std::uint64_t cr0 = 0, cr3 = 0, cr4 = 0, efer = 0;
  BootSegment cs, ds, es, fs, gs, ss, tr, ldt;
  BootTable gdt, idt;

  // "PVH entry at 0x100000", for `--log-level debug` and reports.
  std::string description;
  // The command line the guest was given; empty where it got none.
  std::string cmdline;
  // What lies where: kernel segments, initrd, command line, tables.
  std::vector<NamedRange> ranges;
};

// The map of `state.ranges`, ascending, one line each.
std::string describe(const BootState& state);

}  // namespace skiff
