// From the configuration to a loaded guest: the memory map it is told of, and its boot vCPU's
// state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vmm/board/board.h"
#include "vmm/boot/x86_64/boot_state.h"
#include "vmm/kvm/x86_64/vcpu_state.h"

namespace skiff {

// The E820 map of a PC board with this RAM (memory_map.h): ascending.
std::vector<MemoryMapEntry> pc_memory_map(const GuestMemory& memory);
// Loads kernel and initrd. `rsdp`: guest address of the ACPI RSDP; `added_cmdline`: what the board
// adds to the kernel's command line. Throws ConfigError or HostError.
BootState load_pc_guest(const BoardContext& context, std::uint64_t rsdp,
                        const std::string& added_cmdline);
// The same state in the vCPU's terms.
VcpuState to_vcpu_state(const BootState& boot);

}  // namespace skiff
