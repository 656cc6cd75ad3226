// A few pages of guest-physical memory with page tables, and vCPU states to go with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "tests/unit/reports/physical_ram.h"
#include "vmm/board/x86_64/page_walk.h"
#include "vmm/kvm/x86_64/vcpu_state.h"

namespace skiff {

class GuestMemoryModel : public PhysicalRam {
 public:
  explicit GuestMemoryModel(std::size_t size = 0x20000) : PhysicalRam(size) {}

  void put64(std::uint64_t address, std::uint64_t value) { copy_in(address, &value, 8); }
  void put32(std::uint64_t address, std::uint32_t value) { copy_in(address, &value, 4); }
  void put_bytes(std::uint64_t address, std::initializer_list<std::uint8_t> bytes) {
    copy_in(address, bytes.begin(), bytes.size());
  }
};

inline VcpuState long_mode_state(std::uint64_t cr3 = 0x1000) {
  VcpuState state;
  state.cr0 = 0x8001'0033;
  state.cr4 = 0x20;
  state.efer = 0xd01;  // SCE LME LMA NXE
  state.cr3 = cr3;
  state.cs = {.base = 0,
              .limit = 0xffff'ffff,
              .selector = 0x10,
              .type = 11,
              .dpl = 0,
              .present = true,
              .s = true,
              .l = true,
              .db = false,
              .g = true,
              .avl = false};
  state.ss = {.base = 0,
              .limit = 0xffff'ffff,
              .selector = 0x18,
              .type = 3,
              .dpl = 0,
              .present = true,
              .s = true,
              .l = false,
              .db = true,
              .g = true,
              .avl = false};
  state.ds = state.es = state.fs = state.gs = state.ss;
  state.tr = {.base = 0,
              .limit = 0x67,
              .selector = 0x20,
              .type = 11,
              .dpl = 0,
              .present = true,
              .s = false,
              .l = false,
              .db = false,
              .g = false,
              .avl = false};
  return state;
}

inline VcpuState protected_state() {
  VcpuState state = long_mode_state();
  state.efer = 0;
  state.cr4 = 0;
  state.cr0 = 0x11;
  state.cs.l = false;
  state.cs.db = true;
  return state;
}

inline VcpuState real_mode_state() {
  VcpuState state;
  state.cr0 = 0x10;
  state.cs = {.base = 0,
              .limit = 0xffff,
              .selector = 0,
              .type = 11,
              .dpl = 0,
              .present = true,
              .s = true,
              .l = false,
              .db = false,
              .g = false,
              .avl = false};
  state.ss = state.cs;
  state.ss.type = 3;
  state.idt = {.base = 0, .limit = 0x3ff};
  return state;
}

// Four levels at 0x1000..0x4000 that map the linear 2 MiB from 0 and from 0xffffffff80000000 to
// physical 0, by 4 KiB pages for the first 32.
inline void map_kernel(GuestMemoryModel& memory) {
  memory.put64(0x1000 + 8 * 0, 0x2003);
  memory.put64(0x1000 + 8 * 511, 0x2003);
  memory.put64(0x2000 + 8 * 0, 0x3003);
  memory.put64(0x2000 + 8 * 510, 0x3003);
  memory.put64(0x3000, 0x4003);
  for (std::uint64_t page = 0; page < 32; ++page)
    memory.put64(0x4000 + 8 * page, page << 12 | 0x3);
}

}  // namespace skiff
