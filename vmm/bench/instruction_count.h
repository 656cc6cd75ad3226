// How many instructions a vCPU's thread executes in user mode between leaving the guest and
// entering it again, for any monitor: counted one by one, with ptrace(2). Exact, where a counter of
// the processor may not exist (virtual machines) or would have to be trusted; slow, so that the
// times of a run in which it is done mean nothing.
//
// An instruction with a repeat prefix counts once. What the kernel does is not counted, nor what
// other threads do.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skiff::bench {

// Of the next `exits` exits of `thread`, a vCPU of a child of ours; fewer where the guest leaves
// KVM_RUN no more, and none where the host does not let us look. The thread runs on afterwards.
// Blocks the caller.
std::vector<std::uint64_t> count_instructions(pid_t thread, std::size_t exits);

}  // namespace skiff::bench
