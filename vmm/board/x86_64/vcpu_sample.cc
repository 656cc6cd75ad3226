#include "vmm/board/vcpu_sample.h"

#include <array>

#include "vmm/board/stack_words.h"
#include "vmm/board/x86_64/cpu_mode.h"
#include "vmm/board/x86_64/linear_memory.h"
#include "vmm/board/x86_64/register_bits.h"

namespace skiff {
namespace {

constexpr std::uint64_t kUpperHalf = 1ULL << 63;
// With page table isolation a process has two roots beside each other, the one of user mode, which
// maps next to nothing of the kernel, second (Linux: PTI_USER_PGTABLE_BIT).
constexpr std::uint64_t kUserRoot = 1ULL << 12;

std::optional<LinuxView> find_linux_by(const VcpuState& state, const PhysicalReader& read,
                                       const FileSymbols& file, std::size_t most) {
  LinearMemory memory(state, read);
  const LinearReader linear = [&memory](std::uint64_t address, std::span<std::byte> out) {
    return memory.read(address, out);
  };
  for (const Range& image : kernel_images(state, read)) {
    LinuxView view = look_at_linux(linear, image, file, most);
    if (view.found()) return view;
  }
  return std::nullopt;
}

}  // namespace

std::string_view idle_words() {
  return "HLT with interrupts on";
}

VcpuSample sample_vcpu(const KvmVcpu& vcpu, const GuestMemory& /*memory*/) {
  VcpuSample sample{.run_state = get_run_state(vcpu)};
  const auto state = get_vcpu_state(vcpu);
  if (!state) return sample;
  sample.has_registers = true;
  sample.address = linear_rip(*state);
  sample.tables = state->cr3;
  sample.is_user = privilege_level(*state) == 3;
  sample.takes_interrupts = (state->rflags & kFlagsInterrupts) != 0;
  sample.mode = describe_mode(*state);
  return sample;
}

std::vector<std::uint64_t> kernel_stack(const KvmVcpu& vcpu, const GuestMemory& memory,
                                        std::size_t count) {
  const auto state = get_vcpu_state(vcpu);
  if (!state || privilege_level(*state) == 3 || cpu_mode(*state) != CpuMode::long64) return {};
  const PhysicalReader read = physical_reader(memory);
  LinearMemory linear(*state, read);
  const LinearReader linear_reader = [&linear](std::uint64_t address, std::span<std::byte> out) {
    return linear.read(address, out);
  };
  return stack_words(linear_reader, state->rsp, count, kUpperHalf);
}

std::optional<LinuxView> find_linux(const KvmVcpu& vcpu, const GuestMemory& memory,
                                    const FileSymbols& file, std::size_t most) {
  auto state = get_vcpu_state(vcpu);
  if (!state) return std::nullopt;
  const PhysicalReader read = physical_reader(memory);
  if (auto view = find_linux_by(*state, read, file, most)) return view;
  if ((state->cr3 & kUserRoot) == 0) return std::nullopt;
  state->cr3 &= ~kUserRoot;
  return find_linux_by(*state, read, file, most);
}

}  // namespace skiff
