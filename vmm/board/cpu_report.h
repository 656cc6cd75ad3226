// What is told of a vCPU whose guest, or KVM under it, cannot go on: a report a kernel developer
// can use. The declaration is neutral; each architecture's folder has the words.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "vmm/io/guest_memory.h"
#include "vmm/kvm/kvm_vcpu.h"
#include "vmm/kvm/vcpu_exit.h"

namespace skiff {

// The name of a kernel address as "start_kernel+0x12", or nothing. May be empty.
using SymbolLookup = std::function<std::optional<std::string>(std::uint64_t)>;

// Several lines, the first a headline, the last ended by a newline. Registers are read from KVM:
// called on the vCPU's thread, or while that thread does not run it. Never throws for anything the
// guest can cause; other vCPUs may go on changing memory meanwhile, and then the report shows what
// was there when it looked.
std::string describe_failure(const KvmVcpu& vcpu, const GuestMemory& memory, const Fatal& fatal,
                             const SymbolLookup& symbols);

}  // namespace skiff
