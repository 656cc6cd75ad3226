// The arm64 board: GIC, arch timer and PSCI in the kernel, a handful of PrimeCells, virtio and PCI,
// all of it told to the guest by a device tree. Its address map is drawn in memory_map.h.
//
// The device tree names the processors' affinities, so the guest is entered once the last vCPU has
// been created; the GIC too works from then on.
//
// Thread rule: that of Board.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "vmm/board/aarch64/virt_messages.h"
#include "vmm/board/aarch64/virt_pci.h"
#include "vmm/board/aarch64/virt_platform.h"
#include "vmm/board/aarch64/virt_virtio.h"
#include "vmm/board/board.h"
#include "vmm/boot/aarch64/boot_request.h"
#include "vmm/kvm/aarch64/kvm_gic.h"
#include "vmm/kvm/aarch64/vcpu_state.h"

namespace skiff {

class VirtBoard final : public Board {
 public:
  explicit VirtBoard(const BoardContext& context);
  ~VirtBoard() override;

  std::unique_ptr<KvmVcpu> create_vcpu(std::uint32_t index) override;
  bool press_power_button() override { return platform_->press_power_button(); }
  // There is no such interrupt: Linux has pseudo-NMIs of its own making only.
  bool send_nmi() override { return false; }
  CharacterDevice& console_device() override;
  std::vector<DeviceInfo> devices() const override;
  ControlResult<DeviceInfo> change_device(std::string_view name,
                                          const DeviceChange& change) override;
  std::vector<DeviceStats> device_stats() const override;
  std::vector<CharacterDevice*> character_devices() override;
  std::string boot_description() const override;

 private:
  void finish_processors();
  std::vector<std::byte> device_tree() const;
  void place_device_tree();

  BoardContext context_;
  const VcpuFeatures features_;
  std::string cmdline_;
  std::unique_ptr<KvmGic> gic_;
  std::unique_ptr<VirtMessages> messages_;
  std::unique_ptr<VirtPlatform> platform_;
  std::unique_ptr<VirtPci> pci_;
  std::unique_ptr<VirtVirtio> virtio_;  // null: the configuration has no such device
  arm64::BootState boot_;
  // Owned by the machine, which destroys them before the board.
  std::vector<const KvmVcpu*> vcpus_;
};

}  // namespace skiff
