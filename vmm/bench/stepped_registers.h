// What a stopped thread is about to do. One file per architecture.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace skiff::bench {

struct SteppedRegisters {
  std::uint64_t pc = 0;
  bool calls_ioctl = false;   // if the instruction at `pc` enters the kernel, it is for ioctl(2),
  std::uint64_t request = 0;  // and this is its request
};
// Of a thread that is stopped under ptrace; nothing where it has gone.
std::optional<SteppedRegisters> read_stepped_registers(pid_t thread);
// Whether these bytes, as PTRACE_PEEKTEXT gives them, begin with the instruction that enters the
// kernel.
bool enters_kernel(std::uint64_t text);

}  // namespace skiff::bench
