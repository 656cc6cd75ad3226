#include "vmm/board/vcpu_sample.h"

#include "vmm/board/aarch64/exception_names.h"
#include "vmm/board/aarch64/guest_tables.h"
#include "vmm/board/aarch64/kernel_memory.h"
#include "vmm/board/stack_words.h"
#include "vmm/kvm/aarch64/vcpu_state.h"

namespace skiff {
namespace {

constexpr std::uint64_t kExceptionLevel = 0xc;  // in PSTATE
constexpr std::uint64_t kUpperHalf = 1ULL << 55;

}  // namespace

std::string_view idle_words() {
  return "WFI";
}

VcpuSample sample_vcpu(const KvmVcpu& vcpu, const GuestMemory& memory) {
  VcpuSample sample{.run_state = get_run_state(vcpu)};
  const auto state = get_vcpu_state(vcpu);
  if (!state) return sample;
  constexpr std::uint64_t kIrqMasked = 1U << 7;
  sample.has_registers = true;
  sample.address = state->pc;
  sample.tables = state->ttbr0_el1;
  sample.is_user = (state->pstate & kExceptionLevel) == 0;
  sample.takes_interrupts = (state->pstate & kIrqMasked) == 0;
  sample.mode = arm64::pstate_text(state->pstate);
  // KVM calls a vCPU runnable that waits in it. A masked interrupt ends WFI too.
  if (sample.run_state == VcpuRunState::runnable && !sample.is_user &&
      arm64::has_waited(stage1_registers(*state), state->pc, physical_reader(memory))) {
    sample.run_state = VcpuRunState::halted;
    sample.takes_interrupts = true;
  }
  return sample;
}

std::vector<std::uint64_t> kernel_stack(const KvmVcpu& vcpu, const GuestMemory& memory,
                                        std::size_t count) {
  const auto state = get_vcpu_state(vcpu);
  if (!state || (state->pstate & kExceptionLevel) == 0) return {};
  const arm64::Stage1Registers registers = stage1_registers(*state);
  const PhysicalReader read = physical_reader(memory);
  arm64::KernelMemory linear(registers, read);
  // SPSel: a kernel that runs on SP_EL0 does so for a moment only.
  const std::uint64_t at = (state->pstate & 1) != 0 ? state->sp_el1 : state->sp_el0;
  const LinearReader linear_reader = [&linear](std::uint64_t address, std::span<std::byte> out) {
    return linear.read(address, out);
  };
  return stack_words(linear_reader, at, count, kUpperHalf);
}

std::optional<LinuxView> find_linux(const KvmVcpu& vcpu, const GuestMemory& memory,
                                    const FileSymbols& file, std::size_t most) {
  const auto state = get_vcpu_state(vcpu);
  if (!state) return std::nullopt;
  const arm64::Stage1Registers registers = stage1_registers(*state);
  const PhysicalReader read = physical_reader(memory);
  arm64::KernelMemory linear(registers, read);
  const LinearReader reader = [&linear](std::uint64_t address, std::span<std::byte> out) {
    return linear.read(address, out);
  };
  // The vectors are the kernel's, except while a process runs and the kernel is hidden from it;
  // then there is nothing to be seen.
  for (const std::uint64_t inside : {state->vbar_el1, state->pc}) {
    const auto image = arm64::kernel_image(registers, inside, read);
    if (!image) continue;
    LinuxView view = look_at_linux(reader, *image, file, most);
    if (view.found()) return view;
  }
  return std::nullopt;
}

}  // namespace skiff
