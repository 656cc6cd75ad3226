// The x86 board: a PC without firmware, without anything old that no guest needs.
// Its address map is drawn in memory_map.h.
//
// Thread rule: that of Board.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "vmm/board/board.h"
#include "vmm/board/x86_64/pc_irqchip.h"
#include "vmm/board/x86_64/pc_pci.h"
#include "vmm/board/x86_64/pc_platform.h"
#include "vmm/board/x86_64/pc_serial.h"
#include "vmm/board/x86_64/pc_virtio.h"
#include "vmm/boot/x86_64/boot_state.h"
#include "vmm/kvm/x86_64/cpuid.h"

namespace skiff {

class PcBoard final : public Board {
 public:
  explicit PcBoard(const BoardContext& context);
  ~PcBoard() override;

  std::unique_ptr<KvmVcpu> create_vcpu(std::uint32_t index) override;
  bool press_power_button() override { return platform_->press_power_button(); }
  bool send_nmi() override;
  ProcessorInterrupts processor_interrupts(std::uint32_t index) override {
    return irqchip_->processor(index);
  }
  std::vector<WriteOnly> coalesced_writes() const override { return platform_->write_only(); }
  std::string describe_interrupts() const override { return irqchip_->describe(); }
  CharacterDevice& console_device() override;
  std::vector<DeviceInfo> devices() const override;
  ControlResult<DeviceInfo> change_device(std::string_view name,
                                          const DeviceChange& change) override;
  std::vector<DeviceStats> device_stats() const override;
  std::vector<CharacterDevice*> character_devices() override;
  std::string boot_description() const override;

 private:
  std::uint64_t write_acpi_tables();

  BoardContext context_;
  const CpuTopologyShape topology_;
  const CpuidTemplate cpuid_;
  std::unique_ptr<PcIrqchip> irqchip_;
  std::unique_ptr<PcPlatform> platform_;
  std::unique_ptr<PcSerial> serial_;
  std::unique_ptr<PcPci> pci_;
  std::unique_ptr<PcVirtio> virtio_;  // null: the configuration has no such device
  BootState boot_;
  const KvmVcpu* first_vcpu_ = nullptr;  // owned by the machine, which destroys it before the board
};

}  // namespace skiff
