#include "vmm/board/aarch64/virt_platform.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "devices/serial/pl011.h"
#include "devices/serial/uart_16550.h"
#include "vmm/base/error.h"
#include "vmm/board/aarch64/memory_map.h"
#include "vmm/kvm/aarch64/register_ids.h"

namespace skiff {
namespace {

// Longer than a driver's debouncing, shorter than a forced power-off.
constexpr std::chrono::milliseconds kPressed{100};
constexpr std::uint64_t k16550Registers = 8;

Range serial_registers(const SerialConfig& serial) {
  const bool is_16550 = serial.model == SerialModel::uart_16550;
  return {virt::kSerial + (serial.unit - 1) * virt::kDeviceStep,
          is_16550 ? k16550Registers : virt::kDeviceStep};
}

std::uint32_t serial_spi(const SerialConfig& serial) {
  return virt::kFirstSerialSpi + serial.unit - 1;
}

void add(const BoardContext& context, Range range, IoDevice& device) {
  if (const auto added = context.mmio.add(range, device); !added) throw ConfigError(added.error());
}

HwInterrupt level_spi(std::uint32_t spi) {
  return {.number = spi, .trigger = IrqTrigger::level};
}

}  // namespace

struct VirtPlatform::Port {
  Port(const KvmVm& vm, const SerialConfig& serial, ByteSink& sink)
      : config(serial), pin(vm, arm64::spi_line(serial_spi(serial))) {
    const std::string name = fmt::format("com{}", serial.unit);
    if (serial.model == SerialModel::pl011) {
      pl011.emplace(name, &pin, sink);
    } else {
      uart_16550.emplace(name, &pin, sink);
    }
  }
  IoDevice& registers() { return pl011 ? static_cast<IoDevice&>(*pl011) : *uart_16550; }
  CharacterDevice& characters() {
    return pl011 ? static_cast<CharacterDevice&>(*pl011) : *uart_16550;
  }
  std::string compatible() const { return pl011 ? "arm,pl011 arm,primecell" : "ns16550a"; }

  const SerialConfig config;
  KvmIrqPin pin;
  std::optional<Pl011> pl011;  // one of the two
  std::optional<Uart16550> uart_16550;
};

VirtPlatform::VirtPlatform(const BoardContext& context)
    : clock_(context.clock),
      rtc_pin_(context.vm, arm64::spi_line(virt::kRtcSpi)),
      gpio_pin_(context.vm, arm64::spi_line(virt::kGpioSpi)),
      rtc_("rtc", &rtc_pin_, context.clock, context.executor),
      gpio_("gpio", &gpio_pin_),
      release_(context.executor.create_timer(
          [this] { gpio_.set_input(virt::kPowerButtonLine, false); })) {
  for (const SerialConfig& serial : context.config.serial) {
    auto& port = *ports_.emplace_back(
        std::make_unique<Port>(context.vm, serial, context.serial_sink(serial)));
    add(context, serial_registers(serial), port.registers());
  }
  add(context, virt::kRtc, rtc_);
  add(context, virt::kGpio, gpio_);
}

VirtPlatform::~VirtPlatform() = default;

bool VirtPlatform::press_power_button() {
  gpio_.set_input(virt::kPowerButtonLine, true);
  release_->arm(clock_.monotonic() + kPressed);
  return (gpio_.state().ie >> virt::kPowerButtonLine & 1U) != 0;
}

CharacterDevice& VirtPlatform::console_device() {
  const auto shown = std::ranges::find_if(
      ports_, [](const auto& port) { return port->config.target == SerialTarget::console; });
  return shown != ports_.end() ? (*shown)->characters() : ports_.front()->characters();
}

std::vector<CharacterDevice*> VirtPlatform::character_devices() {
  std::vector<CharacterDevice*> result;
  for (const auto& port : ports_)
    result.push_back(&port->characters());
  return result;
}

std::vector<HwDescription> VirtPlatform::descriptions() const {
  std::vector<HwDescription> result;
  for (const auto& port : ports_) {
    result.push_back({.name = fmt::format("COM{}", port->config.unit),
                      .acpi_hid = {},
                      .fdt_compatible = port->compatible(),
                      .unit = port->config.unit,
                      .ranges = {{IoSpace::mmio, serial_registers(port->config)}},
                      .interrupt = level_spi(serial_spi(port->config))});
  }
  result.push_back({.name = "RTC0",
                    .acpi_hid = {},
                    .fdt_compatible = "arm,pl031 arm,primecell",
                    .unit = 0,
                    .ranges = {{IoSpace::mmio, virt::kRtc}},
                    .interrupt = level_spi(virt::kRtcSpi)});
  result.push_back({.name = "GPO0",
                    .acpi_hid = {},
                    .fdt_compatible = "arm,pl061 arm,primecell",
                    .unit = 0,
                    .ranges = {{IoSpace::mmio, virt::kGpio}},
                    .interrupt = level_spi(virt::kGpioSpi)});
  return result;
}

}  // namespace skiff
