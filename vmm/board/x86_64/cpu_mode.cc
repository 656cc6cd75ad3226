#include "vmm/board/x86_64/cpu_mode.h"

#include <fmt/format.h>

#include "vmm/board/x86_64/page_walk.h"
#include "vmm/board/x86_64/register_bits.h"

namespace skiff {
namespace {

constexpr std::uint64_t kCr0Protected = 1;
constexpr std::uint64_t kFlagsVirtual8086 = 1ULL << 17;

std::uint64_t linear(const SegmentState& segment, std::uint64_t offset, bool is_wide) {
  return (segment.base + (offset & (is_wide ? 0xffff'ffffULL : 0xffffULL))) & 0xffff'ffffULL;
}

}  // namespace

CpuMode cpu_mode(const VcpuState& state) {
  if ((state.cr0 & kCr0Protected) == 0) return CpuMode::real;
  if ((state.efer & kEferLongActive) != 0) {
    return state.cs.l ? CpuMode::long64 : CpuMode::compatibility;
  }
  if ((state.rflags & kFlagsVirtual8086) != 0) return CpuMode::virtual_8086;
  return state.cs.db ? CpuMode::protected32 : CpuMode::protected16;
}

std::string_view to_string(CpuMode mode) {
  switch (mode) {
    case CpuMode::real:
      return "real mode";
    case CpuMode::virtual_8086:
      return "virtual-8086 mode";
    case CpuMode::protected16:
      return "16-bit protected mode";
    case CpuMode::protected32:
      return "32-bit protected mode";
    case CpuMode::compatibility:
      return "compatibility mode";
    case CpuMode::long64:
      return "64-bit mode";
  }
  return "unknown mode";
}

unsigned privilege_level(const VcpuState& state) {
  switch (cpu_mode(state)) {
    case CpuMode::real:
      return 0;
    case CpuMode::virtual_8086:
      return 3;
    default:
      return state.ss.dpl & 3U;  // where the processor keeps it (SDM 3, 25.4.1 note on SS)
  }
}

std::uint64_t linear_rip(const VcpuState& state) {
  if (cpu_mode(state) == CpuMode::long64) return state.rip;
  // EIP beyond a 16-bit segment is shown as it is: it is the fault to be seen.
  return (state.cs.base + state.rip) & 0xffff'ffffULL;
}

std::uint64_t linear_rsp(const VcpuState& state) {
  if (cpu_mode(state) == CpuMode::long64) return state.rsp;
  return linear(state.ss, state.rsp, state.ss.db);
}

std::string describe_mode(const VcpuState& state) {
  return fmt::format("{}, ring {}, {}, interrupts {}", to_string(cpu_mode(state)),
                     privilege_level(state), to_string(paging_mode(state)),
                     (state.rflags & kFlagsInterrupts) != 0 ? "on" : "off");
}

}  // namespace skiff
