// A PCI bus with real IoBuses, and a function with every kind of BAR, for the tests.
#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "devices/pci/pci_bus.h"
#include "devices/pci/pci_host_bridge.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/fake_msi_sink.h"
#include "vmm/io/io_bus.h"

namespace skiff::pci_test {

inline constexpr std::array<std::uint8_t, 4> kWidths{1, 2, 4, 8};
inline constexpr PciWindows kWindows{.io = {0xc000, 0x1000},
                                     .mmio32 = {0xe000'0000, 0x1000'0000},
                                     .mmio64 = {0x80'0000'0000, 0x1'0000'0000}};

// Answers every access with its own tag, and remembers the last write.
class TagDevice final : public IoDevice {
 public:
  TagDevice(std::string name, std::uint64_t tag) : name_(std::move(name)), tag_(tag) {}
  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override {
    value = tag_ + access.offset;
    return IoStatus::ok;
  }
  IoStatus write(IoAccess access, std::uint64_t value) override {
    last_offset = access.offset;
    last_value = value;
    return IoStatus::ok;
  }

  std::atomic<std::uint64_t> last_offset{~0ULL};
  std::atomic<std::uint64_t> last_value{0};

 private:
  const std::string name_;
  const std::uint64_t tag_;
};

// BAR 0 I/O 32 B, BAR 1 32-bit 4 KiB, BAR 2+3 64-bit prefetchable 64 KiB, BAR 4 MSI-X.
class TestFunction final : public PciFunction {
 public:
  static constexpr unsigned kVectors = 4;

  explicit TestFunction(MsiSink& msi, std::string name = "test0")
      : PciFunction(name, {.vendor = 0x1af4,
                           .device = 0x1050,
                           .class_code = 0xff0001,
                           .revision = 7,
                           .subsystem_vendor = 0x1234,
                           .subsystem = 0x5678}),
        ports(name + "-ports", 0x10),
        registers(name + "-registers", 0x2000),
        memory(name + "-memory", 0x30000) {
    add_bar(0, {.kind = PciBar::Kind::io, .size = 32, .device = &ports});
    add_bar(1, {.kind = PciBar::Kind::memory32, .size = 4096, .device = &registers});
    add_bar(2, {.kind = PciBar::Kind::memory64_prefetchable, .size = 65536, .device = &memory});
    MsixTable& table = add_msix(msi, kVectors, 4);
    add_bar(4, {.kind = PciBar::Kind::memory32, .size = table.size(), .device = &table});
    use_intx();
  }
  void on_bar_moved(unsigned bar, std::optional<std::uint64_t> address) override {
    where.at(bar) = address;
    ++moves;
  }
  void on_config_write(unsigned offset, unsigned width) override {
    MutexLock lock(writes_mutex);
    writes.emplace_back(offset, width);
  }
  void on_reset() override { ++resets; }

  using PciFunction::config;
  using PciFunction::interrupt;
  using PciFunction::msix;
  using PciFunction::set_intx;

  TagDevice ports;
  TagDevice registers;
  TagDevice memory;
  std::array<std::optional<std::uint64_t>, pci::kBars> where{};
  int moves = 0;
  int resets = 0;
  Mutex writes_mutex;
  std::vector<std::pair<unsigned, unsigned>> writes;  // read when no thread writes any more
};

struct Machine {
  Machine() {
    std::vector<PciIntxRoute> routes;
    for (unsigned i = 0; i < pins.size(); ++i)
      routes.push_back({16 + i, &pins[i]});
    bus.emplace(port_bus, mmio_bus, kWindows, routes);
  }

  std::uint64_t read(IoBus& on, std::uint64_t address, std::uint8_t width = 4) {
    IoBus::Reader reader(on);
    IoBus::Target target;
    std::uint64_t value = 0;
    on.read(reader, address, width, value, target);
    return value;
  }
  std::uint64_t port(std::uint64_t address, std::uint8_t width = 4) {
    return read(port_bus, address, width);
  }
  std::uint64_t mmio(std::uint64_t address, std::uint8_t width = 4) {
    return read(mmio_bus, address, width);
  }

  IoBus port_bus{"port", Range{0, 0x10000}};
  IoBus mmio_bus{"MMIO", Range{0, 1ULL << 46}};
  std::array<FakeIrqSink, 4> pins;
  FakeMsiSink msi;
  std::optional<PciBus> bus;
};

}  // namespace skiff::pci_test
