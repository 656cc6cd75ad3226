#include "vmm/kvm/host_facts.h"

#include <array>

#include "vmm/kvm/kvm_abi.h"

namespace skiff {
namespace {

constexpr auto kCapabilities = std::to_array<KvmCapability>({
    {KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY", true, "guest RAM"},
    {KVM_CAP_ONE_REG, "KVM_CAP_ONE_REG", true, "vCPU registers"},
    {KVM_CAP_ARM_PSCI_0_2, "KVM_CAP_ARM_PSCI_0_2", true, "starting and stopping vCPUs"},
    {KVM_CAP_DEVICE_CTRL, "KVM_CAP_DEVICE_CTRL", true, "the GIC in the kernel"},
    {KVM_CAP_IRQFD, "KVM_CAP_IRQFD", true, "interrupts by eventfd"},
    {KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT", true, "stopping a vCPU at any moment"},
    {KVM_CAP_IOEVENTFD, "KVM_CAP_IOEVENTFD", false, "device doorbells without an exit"},
    {KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI", false, "message interrupts without a route"},
    {KVM_CAP_READONLY_MEM, "KVM_CAP_READONLY_MEM", false, "read-only memory"},
    {KVM_CAP_BINARY_STATS_FD, "KVM_CAP_BINARY_STATS_FD", false, "KVM's own exit counts"},
});

}  // namespace

std::span<const KvmCapability> used_capabilities() {
  return kCapabilities;
}

std::expected<double, std::string> kernel_code_speed(const KvmSystem&) {
  // KVM on arm64 always lets the processor run EL1 code.
  return std::unexpected(std::string("on arm64 the processor always runs kernel code itself"));
}

}  // namespace skiff
