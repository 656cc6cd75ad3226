// What a failure probably means, in words. Pure functions over the vCPU's state and memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vmm/board/x86_64/instruction_hint.h"
#include "vmm/board/x86_64/page_walk.h"
#include "vmm/kvm/vcpu_exit.h"
#include "vmm/kvm/x86_64/vcpu_state.h"

namespace skiff {

// Bytes of the instruction at RIP: those KVM gave, or else up to 15 read through the page tables.
std::vector<std::uint8_t> instruction_bytes(const VcpuState& state, const Fatal& fatal,
                                            const PhysicalReader& read);

// Sentences, the most likely first; at least one.
std::vector<std::string> failure_hints(const VcpuState& state, const Fatal& fatal,
                                       const PhysicalReader& read);

// Rules of VM entry that a state breaks (SDM 3, 27.3.1; AMD APM 2, 15.5.1); empty if none of those
// Skiff knows.
std::vector<std::string> invalid_guest_state(const VcpuState& state);

}  // namespace skiff
