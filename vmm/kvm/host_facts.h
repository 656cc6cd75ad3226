// What `skiff check` asks a host's KVM: the capabilities Skiff uses, and how fast guest kernel code
// runs. Defined per architecture.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "vmm/kvm/kvm_system.h"

namespace skiff {

struct KvmCapability {
  int number;             // KVM_CAP_, for KvmSystem::check_extension
  std::string_view name;  // "KVM_CAP_IRQFD"
  bool needed;            // no machine runs without it
  std::string_view use;   // what Skiff does with it
};

std::span<const KvmCapability> used_capabilities();

// Runs a short loop in a throw-away VM at the kernel's privilege level. Millions of instructions
// per second: thousands on hardware, one or two where KVM's instruction emulator interprets. Takes
// at most about 50 ms. The error says what failed, or that it is not measured here.
std::expected<double, std::string> kernel_code_speed(const KvmSystem& system);

}  // namespace skiff
