// One function on the PCI bus: the base class of host bridge, virtio-pci, NVMe, IDE and e1000.
//
// Modelled (PCI Local Bus 3.0, chapter 6): type 0 header, command and status, up to six BARs with
// sizing by all ones, capability list, INTx with its disable bit, MSI-X; the BARs follow what the
// guest writes while the machine runs. Not modelled: MSI (MSI-X serves), expansion ROM, power
// management, bus errors.
//
// A device with a register BAR and interrupts is complete as:
//
//   class Counter final : public PciFunction {
//    public:
//     explicit Counter(MsiSink& msi) : PciFunction("counter0", kIdentity) {
//       add_bar(0, {.kind = PciBar::Kind::memory32, .size = 4096, .device = &registers_});
//       MsixTable& msix = add_msix(msi, 4, /*bar=*/1);
//       add_bar(1, {.kind = PciBar::Kind::memory32, .size = msix.size(), .device = &msix});
//       use_intx();
//     }
//     void tick() {                       // with no mutex of the device held
//       if (!interrupt(0)) set_intx(true);  // no MSI-X: the wire, until the driver acknowledges
//     }
//    private:
//     CounterRegisters registers_;  // an IoDevice
//   };
//   Counter counter(msi);
//   bus.add(counter);                     // then, with all functions there: bus.assign_bars()
//
// Thread rule: set-up by one thread; config_read, config_write, interrupt and set_intx from any
// thread. Virtuals are called with the function's mutex released. A function must be destroyed
// before its bus, and after the vCPU threads have ended.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "devices/pci/config_space.h"
#include "devices/pci/msix_table.h"
#include "devices/pci/pci_address.h"
#include "devices/pci/pci_regs.h"
#include "vmm/base/mutex.h"
#include "vmm/base/range.h"
#include "vmm/io/hw_description.h"
#include "vmm/io/io_device.h"
#include "vmm/io/irq_line.h"

namespace skiff {

class PciBus;
class PciDecoder;

struct PciIdentity {
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;
  std::uint32_t class_code = 0;  // 24 bits: class, subclass, programming interface
  std::uint8_t revision = 0;
  std::uint16_t subsystem_vendor = 0;
  std::uint16_t subsystem = 0;
};

struct PciBar {
  enum class Kind : std::uint8_t { io, memory32, memory64, memory64_prefetchable };

  Kind kind = Kind::memory32;
  std::uint64_t size = 0;      // power of two; I/O: 4 to 256, memory: at least 16 [bytes]
  IoDevice* device = nullptr;  // sees offsets from the BAR's start; outlives the function

  IoSpace space() const { return kind == Kind::io ? IoSpace::port : IoSpace::mmio; }
  bool is_64bit() const { return kind >= Kind::memory64; }
};

class PciFunction {
 public:
  // `config_size`: 256, or 4096 for a function with extended capabilities.
  PciFunction(std::string_view name, const PciIdentity& identity,
              std::size_t config_size = pci::kConfigSize);
  virtual ~PciFunction();
  PciFunction(const PciFunction&) = delete;
  PciFunction& operator=(const PciFunction&) = delete;

  std::string_view name() const { return name_; }
  PciAddress address() const { return address_; }

  // The guest's configuration accesses; any offset, width 1 to 8.
  std::uint64_t config_read(std::uint64_t offset, unsigned width);
  void config_write(std::uint64_t offset, unsigned width, std::uint64_t value);

  // As after power-on: BARs zero, decoding off, MSI-X off, wire low; then on_reset.
  void reset();

  // The guest allowed it to read and write RAM.
  bool bus_master() const;

  // A BAR as it was declared, or null (also for the upper half of a 64-bit one).
  const PciBar* bar(unsigned index) const;
  // Where the BAR should decode now, or nothing if its decoding is off or it is being sized.
  std::optional<Range> wanted_range(unsigned index) const;
  // Writes a BAR as firmware would, without its masks.
  void set_bar_address(unsigned index, std::uint64_t address);

  // Called with the BAR's new address when it starts to decode, with nothing before it stops. For
  // doorbells. Called under the decoder's mutex: must not touch any function's configuration space.
  virtual void on_bar_moved(unsigned /*bar*/, std::optional<std::uint64_t> /*address*/) {}

 protected:
  // Set-up, in the constructor of the derived class.
  void add_bar(unsigned index, const PciBar& bar);
  unsigned add_capability(std::uint8_t id, std::span<const std::byte> body,
                          std::span<const std::byte> writable = {});
  unsigned add_extended_capability(std::uint16_t id, std::uint8_t version,
                                   std::span<const std::byte> body,
                                   std::span<const std::byte> writable = {});
  // Creates the table and its capability; the caller makes BAR `bar` show the table from `offset`
  // (a multiple of 8) on: directly, if the BAR holds nothing else. Where `sink` is not available
  // the guest does not find the capability, and the table stays disabled.
  MsixTable& add_msix(MsiSink& sink, unsigned vectors, unsigned bar, std::uint32_t offset = 0);
  // Registers of the device's own at offset 0x40 and up that are no capability: their value after a
  // reset, and the bits the guest can change. Width 1, 2 or 4.
  void add_registers(unsigned offset, unsigned width, std::uint32_t initial,
                     std::uint32_t writable);
  // The function has the interrupt pin INTA#.
  void use_intx();

  // The device's own accesses to its configuration space, inside it; width 1, 2 or 4.
  std::uint32_t config(unsigned offset, unsigned width) const;
  void set_config(unsigned offset, unsigned width, std::uint32_t value);

  // Interrupts by MSI-X; false if the guest has not enabled it.
  bool interrupt(unsigned vector) noexcept { return msix_ && msix_->trigger(vector); }
  // The interrupt status bit, and the wire where INTx is not disabled and MSI-X not enabled. As
  // with IrqLine::sync, `wanted` locks the device's mutex and says what the level should be now, so
  // that the last of several racing callers leaves the truth. Lock order: wire, device, function.
  template <typename Wanted>
  void sync_intx(Wanted wanted) {
    if (!intx_) return;
    intx_->sync([&] { return gate_intx(wanted()); });
  }
  // For a device whose calls cannot race.
  void set_intx(bool asserted) {
    sync_intx([asserted] { return asserted; });
  }
  MsixTable* msix() { return msix_.get(); }

  // After a guest's write that touches this function's capabilities or extended space (offset 0x40
  // and up), and before such a read. The access lies inside the space, is at most 4 bytes wide, and
  // may be misaligned or begin below what it touches: compare ranges, not offsets.
  virtual void on_config_write(unsigned /*offset*/, unsigned /*width*/) {}
  virtual void before_config_read(unsigned /*offset*/, unsigned /*width*/) {}
  virtual void on_reset() {}

 private:
  friend class PciBus;

  // By the bus. `intx` is an input of the pin's shared line, or null.
  void plug(PciBus& bus, PciDecoder& decoder, PciAddress address, IrqSink* intx,
            std::uint8_t interrupt_line);
  void set_multi_function();
  bool has_intx() const;

  bool touches_device_area(std::uint64_t offset, unsigned width) const;
  unsigned clamp(std::uint64_t offset, unsigned width) const;
  void apply();
  void resync_intx();
  bool gate_intx(bool asserted);

  const std::string name_;
  const std::size_t config_size_;
  std::array<std::optional<PciBar>, pci::kBars> bars_;  // const after set-up
  std::unique_ptr<MsixTable> msix_;                     // const after set-up
  unsigned msix_capability_ = 0;                        // const after set-up
  PciBus* bus_ = nullptr;                               // const after plug
  PciDecoder* decoder_ = nullptr;                       // const after plug
  PciAddress address_{};                                // const after plug
  std::unique_ptr<IrqLine> intx_;                       // const after plug

  Mutex msix_control_mutex_;  // orders what set_control is told; taken before mutex_
  mutable Mutex mutex_;
  PciConfigSpace config_ SKIFF_GUARDED_BY(mutex_);
};

}  // namespace skiff
