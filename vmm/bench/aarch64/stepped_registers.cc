#include "vmm/bench/stepped_registers.h"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>

namespace skiff::bench {

std::optional<SteppedRegisters> read_stepped_registers(pid_t thread) {
  user_regs_struct registers{};
  iovec place{.iov_base = &registers, .iov_len = sizeof registers};
  if (::ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &place) != 0) return std::nullopt;
  return SteppedRegisters{.pc = registers.pc,
                          .calls_ioctl = registers.regs[8] == SYS_ioctl,
                          .request = registers.regs[1]};
}

// SVC #0.
bool enters_kernel(std::uint64_t text) {
  return (text & 0xffff'ffff) == 0xd400'0001;
}

}  // namespace skiff::bench
