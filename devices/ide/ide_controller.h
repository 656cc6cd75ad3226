// A PCI IDE controller like the IDE function of Intel's PIIX4 (82371AB): two channels at the ports
// and interrupts that PCs have had them at since 1984, and a bus master for each.
//
// Modelled: ATA disks with 28-bit and 48-bit commands, PIO (16 and 32 bits wide, string
// instructions as one access), bus-master DMA, the timing registers as memory, IDETIM's decode
// bit, ATAPI CD-ROM drives. Not modelled: the timing itself, native PCI mode, the I/O enable bit of
// the command register for the fixed ports (BAR 4 follows it), overlap and queuing, SMART,
// security, power management beyond saying so. docs/ide.md says more.
//
// Configuration: [[disk]] path = "root.img" face = "ide"
//
// Thread rule: as PciFunction and IdeChannel. Destroyed after the vCPU threads have ended, while
// the disks' executors still run.
// Source: Intel 82371AB data sheet (290562-001), 6; see ide_channel.h.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "devices/ide/ide_channel.h"
#include "devices/pci/pci_function.h"
#include "vmm/base/range.h"
#include "vmm/io/guest_memory.h"
#include "vmm/io/io_bus.h"

namespace skiff {

class IdeController final : public PciFunction {
 public:
  static constexpr std::size_t kChannels = 2;
  static constexpr std::size_t kMostDisks = kChannels * IdeChannel::kMostDrives;
  static constexpr std::array<std::uint32_t, kChannels> kIrqs = {14, 15};
  // The command block and the control block of each channel.
  static constexpr std::array<Range, kChannels * 2> kPorts = {
      {{0x1f0, 8}, {0x3f6, 1}, {0x170, 8}, {0x376, 1}}};
  // What of the port space a host bridge has to pass on for them: blocks of four, as a PCI function
  // would claim. Linux does not believe in a window of one port.
  static constexpr std::array<Range, kChannels * 2> kWindows = {
      {{0x1f0, 8}, {0x3f4, 4}, {0x170, 8}, {0x374, 4}}};

  // `disks`: at most kMostDisks; two to a channel. `irqs`: null where a channel has none.
  IdeController(const std::vector<IdeChannel::DriveConfig>& disks, const GuestMemory& memory,
                const std::array<IrqSink*, kChannels>& irqs);
  ~IdeController() override;

  // Puts the fixed ports of the channels that have disks on the bus. Throws ConfigError where
  // another device has them.
  void add_ports(IoBus& ports);

  // `disk`: its index in `disks`.
  IdeChannel::Counts counts(std::size_t disk) const;

 private:
  class BusMasterPorts final : public IoDevice {
   public:
    explicit BusMasterPorts(IdeController& controller) : controller_(controller) {}
    std::string_view name() const override { return "ide-dma"; }
    IoStatus read(IoAccess access, std::uint64_t& value) override;
    IoStatus write(IoAccess access, std::uint64_t value) override;
    std::string_view register_name(std::uint64_t offset, bool is_write) const override;

   private:
    IdeController& controller_;
  };

  void on_config_write(unsigned offset, unsigned width) override;
  void on_reset() override;
  void follow_decode_bits();

  BusMasterPorts bus_master_{*this};
  std::array<std::unique_ptr<IdeChannel>, kChannels> channels_;
  std::array<bool, kChannels> has_disks_{};
  IoBus* ports_ = nullptr;
};

}  // namespace skiff
