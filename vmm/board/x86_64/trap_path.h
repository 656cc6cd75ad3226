// What would happen if the vCPU took an exception now: is there an IDT, a gate, a handler, a stack?
// A triple fault is an exception whose path is broken in two places; this finds them.
// Sources: Intel SDM volume 3, 6.10 to 6.14 (IDT, gates, stack switching), 7.7 (64-bit TSS).
#pragma once

#include <string>
#include <vector>

#include "vmm/board/x86_64/page_walk.h"
#include "vmm/kvm/x86_64/vcpu_state.h"

namespace skiff {

// Sentences about what is broken, the most decisive first; empty if the path looks sound. Checks
// #PF, #GP and #DF, the exceptions a triple fault goes through.
std::vector<std::string> broken_trap_path(const VcpuState& state, const PhysicalReader& read);

}  // namespace skiff
