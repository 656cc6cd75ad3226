// A guest that does anything to a PCI bus: both configuration mechanisms, BAR moves, the registers
// behind the BARs and MSI-X, with interrupts in between. Checked after every step: what the buses
// decode is what the BARs ask for, inside the windows.
#include <cstddef>
#include <cstdint>

#include "devices/pci/pci_config_ports.h"
#include "devices/pci/pci_ecam.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/unit/pci/pci_fixture.h"
#include "vmm/base/bytes.h"
#include "vmm/base/log.h"

namespace skiff::pci_test {
namespace {

constexpr Range kEcam{0xb000'0000, PciEcam::kSizePerBus};

class Input : public FuzzInput {
 public:
  using FuzzInput::FuzzInput;
  std::uint8_t width() { return static_cast<std::uint8_t>(1U << (take<std::uint8_t>() & 3)); }
};

class Guest {
 public:
  Guest() {
    machine_.bus->add(bridge_);
    machine_.bus->add(one_, {0, 1, 0});
    machine_.bus->add(two_, {0, 1, 1});
    require(machine_.port_bus.add(PciConfigPorts::kPorts, ports_).has_value());
    require(machine_.mmio_bus.add(kEcam, ecam_).has_value());
    machine_.bus->assign_bars();
  }

  void step(Input& input) {
    TestFunction& function = (input.take<std::uint8_t>() & 1) != 0 ? one_ : two_;
    switch (input.take<std::uint8_t>() % 8) {
      case 0:
        return access(machine_.port_bus, ports_reader_, 0xcf8 + input.take<std::uint8_t>() % 8,
                      input);
      case 1:
        return access(machine_.mmio_bus, mmio_reader_,
                      kEcam.start + input.take<std::uint32_t>() % kEcam.size, input);
      case 2: {  // a register of the function itself, so that BARs are hit often
        const auto offset = input.take<std::uint8_t>();
        const auto width = input.width();
        function.config_write(offset, width, input.take<std::uint64_t>());
        return;
      }
      case 3: {  // move a BAR to a plausible place
        const unsigned bar = input.take<std::uint8_t>() % 6;
        const std::uint64_t page = input.take<std::uint8_t>();
        function.config_write(0x10 + bar * 4, 4,
                              bar == 0 ? 0xc000 + page * 32 : 0xe000'0000 + page * 0x800);
        return;
      }
      case 4: {  // what is behind a BAR
        const auto& at = function.where.at(input.take<std::uint8_t>() % 6);
        if (!at) return;
        const bool is_io = at == function.where[0];
        return access(is_io ? machine_.port_bus : machine_.mmio_bus,
                      is_io ? ports_reader_ : mmio_reader_, *at + input.take<std::uint16_t>(),
                      input);
      }
      case 5:
        function.interrupt(input.take<std::uint8_t>());
        return;
      case 6:
        function.set_intx((input.take<std::uint8_t>() & 1) != 0);
        return;
      default:
        if (input.take<std::uint8_t>() == 0) machine_.bus->reset();
    }
  }

  void check() {
    for (const TestFunction* const function : {&one_, &two_}) {
      for (unsigned i = 0; i < pci::kBars; ++i) {
        const auto& where = function->where.at(i);
        if (!where) continue;
        const auto wanted = function->wanted_range(i);
        require(wanted && wanted->start == *where);
        require(kWindows.io.contains(*wanted) || kWindows.mmio32.contains(*wanted) ||
                kWindows.mmio64.contains(*wanted));
      }
      require(function->config(0, 4) == 0x1050'1af4);
    }
    require(machine_.port_bus.snapshot().size() <= 3);
    require(machine_.mmio_bus.snapshot().size() <= 7);
  }

  // Whatever the guest did, a reset brings the machine back.
  void check_reset() {
    machine_.bus->reset();
    check();
    for (const TestFunction* const function : {&one_, &two_}) {
      for (const unsigned bar : {0U, 1U, 2U, 4U})
        require(function->where.at(bar).has_value());
    }
    for (const FakeIrqSink& pin : machine_.pins)
      require(!pin.level);
  }

 private:
  static void access(IoBus& bus, IoBus::Reader& reader, std::uint64_t address, Input& input) {
    const std::uint8_t width = input.width();
    IoBus::Target target;
    std::uint64_t value = input.take<std::uint64_t>();
    if ((input.take<std::uint8_t>() & 1) != 0) {
      bus.write(reader, address, width, value, target);
    } else {
      bus.read(reader, address, width, value, target);
    }
  }

  Machine machine_;
  TagDevice reset_control_{"reset-control", 0};
  PciHostBridge bridge_;
  TestFunction one_{machine_.msi, "one"};
  TestFunction two_{machine_.msi, "two"};
  PciConfigPorts ports_{*machine_.bus, &reset_control_};
  PciEcam ecam_{*machine_.bus};
  IoBus::Reader ports_reader_{machine_.port_bus};
  IoBus::Reader mmio_reader_{machine_.mmio_bus};
};

}  // namespace
}  // namespace skiff::pci_test

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  skiff::log_setup(skiff::LogLevel::off, "");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skiff::pci_test::Input input(std::as_bytes(std::span(data, size)));
  skiff::pci_test::Guest guest;
  while (!input.empty()) {
    guest.step(input);
    guest.check();
  }
  guest.check_reset();
  return 0;
}
