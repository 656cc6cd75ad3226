// Which of its personalities an x86 vCPU is in, and where it fetches.
// Source: Intel SDM volume 3, 2.2 and 3.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vmm/kvm/x86_64/vcpu_state.h"

namespace skiff {

enum class CpuMode { real, virtual_8086, protected16, protected32, compatibility, long64 };

CpuMode cpu_mode(const VcpuState& state);
std::string_view to_string(CpuMode mode);

// Current privilege level: 0 to 3.
unsigned privilege_level(const VcpuState& state);

// The linear address of the next instruction, and of the top of the stack.
std::uint64_t linear_rip(const VcpuState& state);
std::uint64_t linear_rsp(const VcpuState& state);

// "64-bit mode, ring 0, 4-level paging, interrupts off"
std::string describe_mode(const VcpuState& state);

}  // namespace skiff
