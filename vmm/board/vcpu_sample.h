// What one vCPU does at one moment, and what its guest's memory says through its page tables: the
// facts `skiff why` is made of. The declarations are neutral; each architecture's folder fills
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/io/guest_memory.h"
#include "vmm/kvm/kvm_vcpu.h"
#include "vmm/kvm/vcpu_run_state.h"
#include "vmm/linux_guest/linux_view.h"

namespace skiff {

struct VcpuSample {
  std::optional<VcpuRunState> run_state;  // nothing: KVM does not say
  bool has_registers = false;             // all below is meaningless without
  std::uint64_t address = 0;              // linear, of the next instruction
  std::uint64_t tables = 0;               // root of the page tables: one per process, mostly
  bool is_user = false;
  bool takes_interrupts = false;  // one that waits goes on for an interrupt
  std::string mode{};             // "64-bit mode, ring 0, 4-level paging, interrupts off"
};

// All of these: called while the vCPU's thread does not run it. They never throw for anything the
// guest can cause, and read a bounded amount of its memory.
VcpuSample sample_vcpu(const KvmVcpu& vcpu, const GuestMemory& memory);
// How one waits for an interrupt: "HLT with interrupts on".
std::string_view idle_words();
// The `count` words from the top of the stack, fewer where memory ends; those of a kernel only.
std::vector<std::uint64_t> kernel_stack(const KvmVcpu& vcpu, const GuestMemory& memory,
                                        std::size_t count);
// The Linux kernel that this vCPU's page tables map; nothing if there is none to be seen.
// `most`: lines of its messages.
std::optional<LinuxView> find_linux(const KvmVcpu& vcpu, const GuestMemory& memory,
                                    const FileSymbols& file, std::size_t most);

}  // namespace skiff
