#include "vmm/bench/stepped_registers.h"

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

namespace skiff::bench {

std::optional<SteppedRegisters> read_stepped_registers(pid_t thread) {
  user_regs_struct registers{};
  if (::ptrace(PTRACE_GETREGS, thread, nullptr, &registers) != 0) return std::nullopt;
  return SteppedRegisters{
      .pc = registers.rip, .calls_ioctl = registers.rax == SYS_ioctl, .request = registers.rsi};
}

// SYSCALL: 0f 05.
bool enters_kernel(std::uint64_t text) {
  return (text & 0xffff) == 0x050f;
}

}  // namespace skiff::bench
