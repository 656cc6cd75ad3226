#include "vmm/boot/x86_64/acpi/dsdt.h"

#include <fmt/format.h>

#include "vmm/base/bits.h"
#include "vmm/boot/x86_64/acpi/aml.h"
#include "vmm/boot/x86_64/acpi/aml_resources.h"
#include "vmm/boot/x86_64/acpi/table.h"

namespace skiff::acpi {
namespace {

using aml::Term;
using aml::Terms;

constexpr std::uint8_t kDsdtRevision = 2;  // integers are 64 bits wide
constexpr Range kConfigPorts{0xcf8, 8};
constexpr unsigned kSlots = 32;
constexpr unsigned kPins = 4;

// \_S5: what to write into SLP_TYP to power off (7.4.2.6).
Term power_off(const AcpiPlatform& platform) {
  return aml::name("\\_S5", aml::package({
                                aml::integer(platform.s5_sleep_type),
                                aml::integer(platform.s5_sleep_type),
                                aml::integer(0),
                                aml::integer(0),
                            }));
}

// An id of the form "PNP0501" is compressed, any other kept as text (6.1.5).
Term hardware_id(const std::string& id) {
  const bool is_eisa = id.size() == 7 && id.starts_with("PNP");
  return is_eisa ? aml::eisa_id(id) : aml::string(id);
}

Term platform_device(const HwDescription& hw) {
  Terms crs;
  for (const HwRange& range : hw.ranges) {
    crs.push_back(range.space == IoSpace::port ? aml::io_ports(range.range)
                                               : aml::memory(range.range));
  }
  if (hw.interrupt) crs.push_back(aml::interrupt(*hw.interrupt));
  Terms body{
      aml::name("_HID", hardware_id(hw.acpi_hid)), aml::name("_UID", aml::integer(hw.unit)),
      aml::name("_STA", aml::integer(0xf)),  // present, enabled, shown, working
  };
  if (!crs.empty()) body.push_back(aml::name("_CRS", aml::resources(crs)));
  return aml::device(hw.name, body);
}

Term processor(std::uint32_t uid) {
  return aml::device(fmt::format("C{:03X}", uid), {
                                                      aml::name("_HID", aml::string("ACPI0007")),
                                                      aml::name("_UID", aml::integer(uid)),
                                                  });
}

// _PRT (6.2.13): which interrupt each pin of each slot arrives at. The address form 0xSSSSFFFF
// means all functions of the slot; a zero source means that the index is the interrupt itself.
Term interrupt_routing(const AcpiPci& pci) {
  Terms routes;
  for (unsigned slot = 0; slot < kSlots; ++slot) {
    for (unsigned pin = 0; pin < kPins; ++pin) {
      routes.push_back(aml::package({
          aml::integer(slot << 16 | 0xffff),
          aml::integer(pin),
          aml::integer(0),
          aml::integer(pci.intx_gsis[(slot + pin) % pci.intx_gsis.size()]),
      }));
    }
  }
  return aml::name("_PRT", aml::package(routes));
}

// _OSC of a PCI Express host bridge (PCI Firmware 3.3, 4.5.1): the guest may use its own drivers
// for everything but the hot-plug controller that is not there. Without it Linux says that the
// platform keeps control.
Term osc() {
  constexpr std::array<std::uint8_t, 16> kUuid{// 33DB4D5B-1FF7-401C-9657-7441C03DD766
                                               0x5b, 0x4d, 0xdb, 0x33, 0xf7, 0x1f, 0x1c, 0x40,
                                               0x96, 0x57, 0x74, 0x41, 0xc0, 0x3d, 0xd7, 0x66};
  // Native PCIe hot-plug, PME, AER, capability structure; not SHPC hot-plug (bit 1).
  constexpr std::uint64_t kGranted = 0x1d;
  constexpr std::uint64_t kUnknownUuid = 1 << 2;
  constexpr std::uint64_t kUnknownRevision = 1 << 3;
  constexpr std::uint64_t kMasked = 1 << 4;
  const Term status = aml::ref("CDW1");
  const Term control = aml::ref("CDW3");
  const Term granted = aml::local(0);
  return aml::method(
      "_OSC", 4, /*serialized=*/true,
      {
          aml::create_dword_field(aml::arg(3), 0, "CDW1"),
          aml::if_then(
              aml::equal(aml::arg(0), aml::uuid(kUuid)),
              {
                  aml::create_dword_field(aml::arg(3), 8, "CDW3"),
                  aml::bit_and(control, aml::integer(kGranted), granted),
                  aml::if_then(aml::not_equal(aml::arg(1), aml::integer(1)),
                               {aml::bit_or(status, aml::integer(kUnknownRevision), status)}),
                  aml::if_then(aml::not_equal(control, granted),
                               {aml::bit_or(status, aml::integer(kMasked), status)}),
                  aml::store(granted, control),
              }),
          aml::otherwise({aml::bit_or(status, aml::integer(kUnknownUuid), status)}),
          aml::return_value(aml::arg(3)),
      });
}

Term pci_resources(const AcpiPci& pci) {
  const auto last_bus = static_cast<std::uint8_t>(pci.ecam.size / MiB - 1);
  Terms crs{aml::bus_window(0, last_bus), aml::io_ports(kConfigPorts)};
  if (pci.io.overlaps(kConfigPorts)) {
    const Range below{pci.io.start, kConfigPorts.start - pci.io.start};
    const std::uint64_t above_start = kConfigPorts.last() + 1;
    if (pci.io.start < kConfigPorts.start) crs.push_back(aml::io_window(below));
    if (pci.io.last() >= above_start) {
      crs.push_back(aml::io_window({above_start, pci.io.last() - above_start + 1}));
    }
  } else if (!pci.io.empty()) {
    crs.push_back(aml::io_window(pci.io));
  }
  for (const Range& ports : pci.fixed_io)
    if (!pci.io.overlaps(ports)) crs.push_back(aml::io_window(ports));
  if (!pci.mmio32.empty()) crs.push_back(aml::memory_window(pci.mmio32, false));
  if (!pci.mmio64.empty()) crs.push_back(aml::memory_window(pci.mmio64, true));
  return aml::name("_CRS", aml::resources(crs));
}

Term pci_host_bridge(const AcpiPci& pci) {
  return aml::device("PCI0", {
                                 aml::name("_HID", aml::eisa_id("PNP0A08")),  // PCI Express
                                 aml::name("_CID", aml::eisa_id("PNP0A03")),  // PCI
                                 aml::name("_UID", aml::integer(0)),
                                 aml::name("_SEG", aml::integer(0)),
                                 aml::name("_BBN", aml::integer(0)),
                                 pci_resources(pci),
                                 interrupt_routing(pci),
                                 osc(),
                             });
}

// Linux believes MCFG only if the area is also reserved by a motherboard resource (PCI Firmware
// 3.3, 4.1.2, note 2).
Term motherboard(const AcpiPci& pci) {
  return aml::device("MBRD", {
                                 aml::name("_HID", aml::eisa_id("PNP0C02")),
                                 aml::name("_UID", aml::integer(0)),
                                 aml::name("_CRS", aml::resources({aml::memory(pci.ecam)})),
                             });
}

}  // namespace

std::string dsdt(const AcpiPlatform& platform) {
  Terms system_bus;
  for (std::uint32_t uid = 0; uid < platform.apic_ids.size(); ++uid) {
    system_bus.push_back(processor(uid));
  }
  if (platform.pci) {
    system_bus.push_back(pci_host_bridge(*platform.pci));
    system_bus.push_back(motherboard(*platform.pci));
  }
  for (const HwDescription& hw : platform.devices) {
    if (!hw.acpi_hid.empty()) system_bus.push_back(platform_device(hw));
  }
  std::string table;
  append(table, table_header("DSDT", kDsdtRevision));
  table += power_off(platform).bytes;
  table += aml::scope("\\_SB", system_bus).bytes;
  seal(table);
  return table;
}

}  // namespace skiff::acpi
