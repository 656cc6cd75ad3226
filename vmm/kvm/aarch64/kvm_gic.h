// The interrupt controller in the kernel: a GICv3 with an ITS for message interrupts, or a GICv2
// where the host offers only that.
//
//   new KvmGic -> the device exists      before or after vCPUs are created
//   initialize -> its addresses are fixed, and it works      after all vCPUs are created
//
// Source: Linux Documentation/virt/kvm/devices/arm-vgic-v3.rst, arm-vgic-its.rst, arm-vgic.rst.
#pragma once

#include <cstdint>
#include <optional>

#include "vmm/base/fd.h"
#include "vmm/base/range.h"
#include "vmm/kvm/kvm_vm.h"

namespace skiff {

enum class GicVersion { v2 = 2, v3 = 3 };

// Where its parts lie; all 64 KiB aligned.
struct GicPlaces {
  std::uint64_t distributor = 0;    // 64 KiB (v2: 4 KiB)
  std::uint64_t cpu_interface = 0;  // v2: 8 KiB
  Range redistributors;             // v3: 128 KiB each, room for all vCPUs
  std::uint64_t its = 0;            // v3: 128 KiB
};

// Thread rule: set up by one thread.
class KvmGic {
 public:
  static constexpr std::uint64_t kRedistributorSize = 128 * 1024;

  // Processors that a GICv2 can be wired to (ARM IHI 0048B, 2.2).
  static constexpr std::uint32_t kMaxV2Vcpus = 8;

  // `wanted`, or the newest that this host's KVM offers. `spis`: shared peripheral interrupts, a
  // multiple of 32 up to 960. Throws HostError.
  KvmGic(const KvmVm& vm, const GicPlaces& places, std::uint32_t spis,
         std::optional<GicVersion> wanted = std::nullopt);

  // `vcpus`: how many there are. Throws HostError.
  void initialize(std::uint32_t vcpus);

  GicVersion version() const { return version_; }
  // Message interrupts can be delivered.
  bool has_its() const { return static_cast<bool>(its_); }

 private:
  const GicPlaces places_;
  const std::uint32_t spis_;
  GicVersion version_ = GicVersion::v3;
  Fd gic_;
  Fd its_;
};

}  // namespace skiff
