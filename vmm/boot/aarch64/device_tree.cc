#include "vmm/boot/aarch64/device_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "vmm/base/bits.h"
#include "vmm/boot/aarch64/device_tree_cpus.h"
#include "vmm/boot/aarch64/fdt_writer.h"

namespace skiff::arm64 {
namespace {

// Phandles; processors have those of device_tree_cpus.cc.
constexpr std::uint32_t kGic = 1;
constexpr std::uint32_t kMessages = 2;  // the ITS, or the GICv2m frame
constexpr std::uint32_t kClock = 3;
constexpr std::uint32_t kGpio = 4;

// Interrupt cells: arm,gic-v3.yaml.
constexpr std::uint32_t kSpi = 0;
constexpr std::uint32_t kPpi = 1;
constexpr std::uint32_t kEdgeRising = 1;
constexpr std::uint32_t kLevelHigh = 4;

constexpr std::uint32_t kPmuPpi = 7;
// Secure and non-secure physical, virtual, hypervisor (arm,arch_timer.yaml; KVM's numbers).
constexpr std::array<std::uint32_t, 4> kTimerPpis = {13, 14, 11, 10};

constexpr std::uint32_t kApbClock = 24'000'000;   // [Hz]; a baud rate that nobody measures
constexpr std::uint32_t k16550Clock = 1'843'200;  // [Hz] a PC's
constexpr std::uint32_t kKeyPower = 116;          // linux/input-event-codes.h
constexpr std::string_view kPrimecell = "arm,primecell";

std::string at(std::string_view name, std::uint64_t address) {
  return fmt::format("{}@{:x}", name, address);
}

std::uint32_t trigger_of(const HwInterrupt& interrupt) {
  return interrupt.trigger == IrqTrigger::edge ? kEdgeRising : kLevelHigh;
}

// PPIs of a GICv2 name the processors that get them; a GICv3 has no such field.
std::uint32_t ppi_flags(const DeviceTreePlatform& platform) {
  if (platform.gic.is_v3) return kLevelHigh;
  const auto processors = std::min<std::size_t>(platform.mpidrs.size(), 8);
  return kLevelHigh | ((1U << processors) - 1) << 8;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end != 0) out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

void write_chosen(FdtWriter& fdt, const DeviceTreePlatform& platform, const std::string& console) {
  fdt.begin_node("chosen");
  if (!platform.cmdline.empty()) fdt.property("bootargs", platform.cmdline);
  if (!console.empty()) fdt.property("stdout-path", console);
  if (!platform.initrd.empty()) {
    fdt.wide("linux,initrd-start", {platform.initrd.start});
    fdt.wide("linux,initrd-end", {platform.initrd.start + platform.initrd.size});
  }
  fdt.wide("kaslr-seed", {platform.kaslr_seed});
  fdt.bytes("rng-seed", platform.rng_seed);
  fdt.end_node();
}

void write_memory(FdtWriter& fdt, const DeviceTreePlatform& platform) {
  for (const Range& range : platform.memory) {
    fdt.begin_node(at("memory", range.start));
    fdt.property("device_type", "memory");
    fdt.wide("reg", {range.start, range.size});
    fdt.end_node();
  }
}

void write_gic(FdtWriter& fdt, const DeviceTreeGic& gic) {
  fdt.begin_node(at("interrupt-controller", gic.distributor.start));
  fdt.property("compatible", gic.is_v3 ? "arm,gic-v3" : "arm,cortex-a15-gic");
  fdt.property("interrupt-controller");
  fdt.cells("#interrupt-cells", {3});
  fdt.cells("#address-cells", {2});
  fdt.cells("#size-cells", {2});
  fdt.property("ranges");
  const Range& second = gic.is_v3 ? gic.redistributors : gic.cpu_interface;
  fdt.wide("reg", {gic.distributor.start, gic.distributor.size, second.start, second.size});
  fdt.cells("phandle", {kGic});
  if (!gic.its.empty()) {
    fdt.begin_node(at("msi-controller", gic.its.start));
    fdt.property("compatible", "arm,gic-v3-its");
    fdt.property("msi-controller");
    fdt.cells("#msi-cells", {1});
    fdt.wide("reg", {gic.its.start, gic.its.size});
    fdt.cells("phandle", {kMessages});
    fdt.end_node();
  }
  if (!gic.message_frame.empty()) {
    fdt.begin_node(at("v2m", gic.message_frame.start));
    fdt.property("compatible", "arm,gic-v2m-frame");
    fdt.property("msi-controller");
    fdt.wide("reg", {gic.message_frame.start, gic.message_frame.size});
    fdt.cells("phandle", {kMessages});
    fdt.end_node();
  }
  fdt.end_node();
}

void write_timers(FdtWriter& fdt, const DeviceTreePlatform& platform) {
  const std::uint32_t flags = ppi_flags(platform);
  fdt.begin_node("timer");
  fdt.property("compatible", "arm,armv8-timer");
  std::vector<std::uint32_t> interrupts;
  for (const std::uint32_t ppi : kTimerPpis)
    interrupts.insert(interrupts.end(), {kPpi, ppi, flags});
  fdt.cells("interrupts", interrupts);
  fdt.property("always-on");
  fdt.end_node();
  if (!platform.has_pmu) return;
  fdt.begin_node("pmu");
  fdt.property("compatible", "arm,armv8-pmuv3");
  fdt.cells("interrupts", {kPpi, kPmuPpi, flags});
  fdt.end_node();
}

void write_clock(FdtWriter& fdt) {
  fdt.begin_node("apb-pclk");
  fdt.property("compatible", "fixed-clock");
  fdt.cells("#clock-cells", {0});
  fdt.cells("clock-frequency", {kApbClock});
  fdt.property("clock-output-names", "clk24mhz");
  fdt.cells("phandle", {kClock});
  fdt.end_node();
}

// The generic names of the specification's section 2.2.2.
std::string node_name(std::string_view compatible) {
  if (compatible == "arm,pl011" || compatible == "ns16550a") return "serial";
  if (compatible == "arm,pl031") return "rtc";
  if (compatible == "arm,pl061") return "gpio";
  if (compatible == "virtio,mmio") return "virtio_mmio";
  return "device";
}

void write_device(FdtWriter& fdt, const HwDescription& device) {
  const auto compatible = words(device.fdt_compatible);
  const Range& registers = device.ranges.front().range;
  fdt.begin_node(at(node_name(compatible.front()), registers.start));
  std::string strings;
  for (const std::string_view name : compatible)
    strings.append(name).push_back('\0');
  fdt.bytes("compatible", std::as_bytes(std::span(strings)));
  fdt.wide("reg", {registers.start, registers.size});
  if (device.interrupt) {
    fdt.cells("interrupts", {kSpi, device.interrupt->number, trigger_of(*device.interrupt)});
  }
  if (compatible.front() == "virtio,mmio") fdt.property("dma-coherent");
  if (compatible.front() == "ns16550a") fdt.cells("clock-frequency", {k16550Clock});
  if (std::ranges::find(compatible, kPrimecell) != compatible.end()) {
    if (compatible.front() == "arm,pl011") {
      fdt.cells("clocks", {kClock, kClock});
      fdt.property("clock-names", {"uartclk", "apb_pclk"});
    } else {
      fdt.cells("clocks", {kClock});
      fdt.property("clock-names", "apb_pclk");
    }
  }
  if (compatible.front() == "arm,pl061") {
    fdt.property("gpio-controller");
    fdt.cells("#gpio-cells", {2});
    fdt.property("interrupt-controller");
    fdt.cells("#interrupt-cells", {2});
    fdt.cells("#address-cells", {0});
    fdt.cells("phandle", {kGpio});
  }
  fdt.end_node();
}

void write_power_button(FdtWriter& fdt, std::uint32_t line) {
  fdt.begin_node("gpio-keys");
  fdt.property("compatible", "gpio-keys");
  fdt.begin_node("power-button");
  fdt.property("label", "Power Button");
  fdt.cells("linux,code", {kKeyPower});
  fdt.cells("gpios", {kGpio, line, 0});
  fdt.end_node();
  fdt.end_node();
}

// One range of a host bridge: PCI address in three cells, CPU address and size in two each.
void append_window(std::vector<std::uint32_t>& out, std::uint32_t space, std::uint64_t pci_address,
                   const Range& window) {
  const auto wide = [&out](std::uint64_t value) {
    out.push_back(static_cast<std::uint32_t>(value >> 32));
    out.push_back(static_cast<std::uint32_t>(value));
  };
  out.push_back(space);
  wide(pci_address);
  wide(window.start);
  wide(window.size);
}

// As many slots as make every combination of slot and pin appear.
std::vector<std::uint32_t> interrupt_map(const DeviceTreePci& pci) {
  std::vector<std::uint32_t> map;
  const auto count = static_cast<std::uint32_t>(pci.intx_spis.size());
  for (std::uint32_t slot = 0; slot < count; ++slot) {
    for (std::uint32_t pin = 0; pin < 4; ++pin) {
      const std::uint32_t spi = pci.intx_spis[(slot + pin) % count];
      map.insert(map.end(), {slot << 11, 0, 0, pin + 1, kGic, 0, 0, kSpi, spi, kLevelHigh});
    }
  }
  return map;
}

void write_pci(FdtWriter& fdt, const DeviceTreePci& pci, const DeviceTreeGic& gic) {
  constexpr std::uint32_t kIo = 0x0100'0000;
  constexpr std::uint32_t kMmio32 = 0x0200'0000;
  constexpr std::uint32_t kMmio64 = 0x4300'0000;  // prefetchable: others end at 4 GiB
  const auto buses = static_cast<std::uint32_t>(pci.ecam.size / MiB);
  fdt.begin_node(at("pcie", pci.ecam.start));
  fdt.property("compatible", "pci-host-ecam-generic");
  fdt.property("device_type", "pci");
  fdt.cells("#address-cells", {3});
  fdt.cells("#size-cells", {2});
  fdt.cells("#interrupt-cells", {1});
  fdt.cells("linux,pci-domain", {0});
  fdt.cells("bus-range", {0, buses - 1});
  fdt.property("dma-coherent");
  fdt.wide("reg", {pci.ecam.start, pci.ecam.size});
  std::vector<std::uint32_t> ranges;
  if (!pci.ports.empty()) append_window(ranges, kIo, 0, pci.ports);
  append_window(ranges, kMmio32, pci.mmio32.start, pci.mmio32);
  if (!pci.mmio64.empty()) append_window(ranges, kMmio64, pci.mmio64.start, pci.mmio64);
  fdt.cells("ranges", ranges);
  // A requester id is the ITS's device id (pci-msi.txt: rid-base, controller, msi-base, length).
  if (!gic.its.empty()) fdt.cells("msi-map", {0, kMessages, 0, 0x1'0000});
  // A GICv2m frame does not care whose messages they are.
  if (!gic.message_frame.empty()) fdt.cells("msi-parent", {kMessages});
  const auto slots = static_cast<std::uint32_t>(pci.intx_spis.size());
  if (slots != 0) {
    fdt.cells("interrupt-map", interrupt_map(pci));
    fdt.cells("interrupt-map-mask", {(slots - 1) << 11, 0, 0, 7});
  }
  fdt.end_node();
}

// The console is the first serial port that there is.
std::string console_path(const DeviceTreePlatform& platform) {
  for (const HwDescription& device : platform.devices) {
    const auto compatible = words(device.fdt_compatible);
    if (compatible.empty() || node_name(compatible.front()) != "serial") continue;
    return "/" + at("serial", device.ranges.front().range.start);
  }
  return {};
}

}  // namespace

std::vector<std::byte> write_device_tree(const DeviceTreePlatform& platform) {
  // Some 350 bytes a processor, 250 a device; what is too much is refused by libfdt.
  const std::size_t capacity = 64 * KiB + platform.mpidrs.size() * 512 +
                               platform.devices.size() * 512 + platform.cmdline.size();
  FdtWriter fdt(capacity);
  const std::string console = console_path(platform);
  fdt.begin_node("");
  fdt.property("compatible", "linux,dummy-virt");
  fdt.property("model", "skiff,virt");
  fdt.cells("#address-cells", {2});
  fdt.cells("#size-cells", {2});
  fdt.cells("interrupt-parent", {kGic});
  fdt.property("dma-coherent");
  if (!console.empty()) {
    fdt.begin_node("aliases");
    fdt.property("serial0", console);
    fdt.end_node();
  }
  write_chosen(fdt, platform, console);
  write_memory(fdt, platform);
  write_cpus(fdt, platform.mpidrs, platform.topology);
  write_gic(fdt, platform.gic);
  write_timers(fdt, platform);
  write_clock(fdt);
  for (const HwDescription& device : platform.devices) {
    if (!device.fdt_compatible.empty() && !device.ranges.empty()) write_device(fdt, device);
  }
  if (platform.power_button_line) write_power_button(fdt, *platform.power_button_line);
  if (platform.pci) write_pci(fdt, *platform.pci, platform.gic);
  fdt.end_node();
  return fdt.finish();
}

}  // namespace skiff::arm64
