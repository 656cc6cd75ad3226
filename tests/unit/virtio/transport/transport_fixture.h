// One fake device behind each transport, with the steps of a driver, so that what both layouts
// share is tested once for both.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tests/fakes/driver_queue.h"
#include "tests/fakes/fake_doorbells.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/fake_msi_sink.h"
#include "tests/fakes/fake_virtio_device.h"
#include "tests/fakes/register_access.h"
#include "tests/unit/pci/pci_fixture.h"
#include "virtio/core/virtio_ids.h"
#include "virtio/transport/mmio_regs.h"
#include "virtio/transport/mmio_transport.h"
#include "virtio/transport/pci_transport.h"
#include "virtio/transport/virtio_pci_regs.h"

namespace skiff::transport_test {

using namespace virtio;

inline constexpr std::uint64_t kMemorySize = 1 * MiB;
inline constexpr std::uint8_t kNegotiated = kAcknowledge | kDriver | kFeaturesOk;
inline constexpr std::uint8_t kRunning = kNegotiated | kDriverOk;

class Memory {
 public:
  Memory() : ranges_{Range{0, kMemorySize}}, memory_(ranges_, {}) {}
  const GuestMemory& operator*() const { return memory_; }
  // As a driver does before it gives them to the device.
  void clear_rings() { memory_.fill(GuestAddress(0x1000), 0x4000, std::byte{0}); }

 private:
  std::array<Range, 1> ranges_;
  GuestMemory memory_;
};

// The machine's part that both need.
struct Parts {
  explicit Parts(std::vector<std::uint16_t> sizes = {16, 8}) : device(std::move(sizes)) {}

  Memory memory;
  FakeVirtioDevice device;
  FakeDoorbells doorbells;
};

// What a driver does; `Access` says where the registers are.
template <typename Access>
class Driver : public Access {
 public:
  using Access::Access;

  std::uint64_t offered_features() {
    std::uint64_t features = 0;
    for (std::uint32_t word = 0; word < 2; ++word) {
      this->put(TransportRegister::device_feature_select, word);
      features |= this->get(TransportRegister::device_feature) << (word * 32);
    }
    return features;
  }
  void choose_features(std::uint64_t features) {
    for (std::uint32_t word = 0; word < 2; ++word) {
      this->put(TransportRegister::driver_feature_select, word);
      this->put(TransportRegister::driver_feature, features >> (word * 32) & 0xffff'ffff);
    }
  }
  std::uint8_t status() {
    return static_cast<std::uint8_t>(this->get(TransportRegister::device_status));
  }
  IoStatus set_status(std::uint8_t value) {
    return this->put(TransportRegister::device_status, value);
  }
  void negotiate(std::uint64_t features = kFeatureVersion1) {
    set_status(kAcknowledge);
    set_status(kAcknowledge | kDriver);
    choose_features(features);
    set_status(kNegotiated);
  }
  void select(std::uint32_t index) { this->put(TransportRegister::queue_select, index); }
  void set_up_queue(std::uint16_t index, const QueueConfig& config) {
    select(index);
    this->put(TransportRegister::queue_size, config.size);
    put_address(TransportRegister::queue_desc, config.descriptor_area.value);
    put_address(TransportRegister::queue_driver, config.driver_area.value);
    put_address(TransportRegister::queue_device, config.device_area.value);
    this->put(TransportRegister::queue_enable, 1);
  }
  void put_address(TransportRegister reg, std::uint64_t address) {
    this->put(reg, address & 0xffff'ffff, RegisterPart::low);
    this->put(reg, address >> 32, RegisterPart::high);
  }
  // From anything to DRIVER_OK with queue 0 of four entries.
  void start(std::uint64_t features = kFeatureVersion1) {
    negotiate(features);
    this->memory.clear_rings();
    queue.emplace(*this->memory, GuestAddress(0x1000), 4,
                  DriverQueueOptions{.packed = (features & kFeatureRingPacked) != 0,
                                     .event_idx = (features & kFeatureEventIdx) != 0});
    set_up_queue(0, queue->config());
    set_status(kRunning);
  }
  // One request through queue 0 and back.
  bool echo_works() {
    const GuestAddress from(0x8000);
    const GuestAddress to(0x9000);
    const GuestMemory& ram = *this->memory;
    ram.store(from, ++last_sent);
    ram.store(to, std::uint32_t{0});
    queue->offer({{from, 4}, {to, 4, true}});
    this->notify(0);
    this->device.serve();
    const auto used = queue->used();
    return used && ram.load<std::uint32_t>(to) == last_sent;
  }

  std::optional<DriverQueue> queue;
  std::uint32_t last_sent = 0x1234'0000;
};

class MmioAccess : public Parts {
 public:
  static constexpr std::uint64_t kBase = 0xd000'0000;
  static constexpr std::string_view kName = "MMIO";

  explicit MmioAccess(const TransportOptions& options = {}) {
    transport.emplace(device, *memory, options, kBase, &irq, &doorbells);
  }

  std::uint64_t get(TransportRegister reg, RegisterPart part = RegisterPart::whole) {
    return read_register(*transport, row(reg, part, false), 4);
  }
  IoStatus put(TransportRegister reg, std::uint64_t value,
               RegisterPart part = RegisterPart::whole) {
    return write_register(*transport, row(reg, part, true), value, 4);
  }
  // As the guest does: a doorbell may take it.
  void notify(std::uint16_t queue) {
    if (!doorbells.ring(kBase + virtio_mmio::kQueueNotify, 4, queue)) notify_by_write(queue);
  }
  void notify_by_write(std::uint32_t queue) {
    write_register(*transport, virtio_mmio::kQueueNotify, queue, 4);
  }
  bool wire() const { return irq.level; }
  std::uint8_t acknowledge() {
    const auto isr = static_cast<std::uint8_t>(read_register(*transport, 0x60, 4));
    write_register(*transport, virtio_mmio::kInterruptAck, isr, 4);
    return isr;
  }

  FakeIrqSink irq;
  std::optional<MmioTransport> transport;

 private:
  static std::uint64_t row(TransportRegister reg, RegisterPart part, bool is_write) {
    for (const RegisterRow& row : virtio_mmio::kRows) {
      if (row.reg == reg && row.part == part && (is_write ? row.writable() : row.readable())) {
        return row.offset;
      }
    }
    return 0xffc;
  }
};

// On a real bus, with INTx.
class PciAccess : public Parts {
 public:
  static constexpr std::string_view kName = "PCI";

  explicit PciAccess(const TransportOptions& options = {}) {
    transport.emplace(device, *memory, options, machine.msi, &doorbells);
    machine.bus->add(*transport, {0, 4, 0});
    machine.bus->assign_bars();
  }

  std::uint64_t base() { return transport->config_read(0x10, 4) & ~0xfULL; }
  std::uint64_t read(std::uint64_t offset, std::uint8_t width) {
    return machine.read(machine.mmio_bus, base() + offset, width);
  }
  // As the guest does: a doorbell may take it.
  IoStatus write(std::uint64_t offset, std::uint64_t value, std::uint8_t width) {
    if (doorbells.ring(base() + offset, width, value)) return IoStatus::ok;
    return write_to_bus(offset, value, width);
  }
  IoStatus write_to_bus(std::uint64_t offset, std::uint64_t value, std::uint8_t width) {
    IoBus::Reader reader(machine.mmio_bus);
    IoBus::Target target;
    return machine.mmio_bus.write(reader, base() + offset, width, value, target);
  }
  std::uint64_t get(TransportRegister reg, RegisterPart part = RegisterPart::whole) {
    const RegisterRow& found = row(reg, part);
    return read(found.offset, found.width);
  }
  IoStatus put(TransportRegister reg, std::uint64_t value,
               RegisterPart part = RegisterPart::whole) {
    const RegisterRow& found = row(reg, part);
    return write(found.offset, value, found.width);
  }
  void notify(std::uint16_t queue) { write(virtio_pci::kNotify + 4ULL * queue, queue, 2); }
  void notify_by_write(std::uint32_t queue) {
    write_to_bus(virtio_pci::kNotify + 4ULL * queue, queue, 2);
  }
  // Slot 4, INTA#: the first of the four.
  bool wire() const { return machine.pins[0].level; }
  std::uint8_t acknowledge() { return static_cast<std::uint8_t>(read(virtio_pci::kIsr, 1)); }

  pci_test::Machine machine;
  std::optional<PciTransport> transport;

 private:
  static const RegisterRow& row(TransportRegister reg, RegisterPart part) {
    for (const RegisterRow& row : virtio_pci::kRows) {
      if (row.reg == reg && row.part == part) return row;
    }
    static constexpr RegisterRow kNone{0xffc, 4, RowAccess::read_only, ""};
    return kNone;
  }
};

using MmioDriver = Driver<MmioAccess>;
using PciDriver = Driver<PciAccess>;

}  // namespace skiff::transport_test
