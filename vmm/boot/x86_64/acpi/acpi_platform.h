// What the ACPI tables are written from: the board's description of itself, as data.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "vmm/base/range.h"
#include "vmm/io/hw_description.h"

namespace skiff {

// The PCI host bridge and its windows; an empty range: no such window.
struct AcpiPci {
  Range ecam;  // a multiple of 1 MiB from a 1 MiB boundary: one bus per MiB, from bus 0
  Range io;    // may span the configuration ports 0xCF8 to 0xCFF: they are cut out
  // Ports at which a function answers without a BAR (IDE's): windows of their own where `io` does
  // not hold them, or an operating system would not let that function have them.
  std::vector<Range> fixed_io{};
  Range mmio32;
  Range mmio64;
  // The interrupts INTx is routed to (1 or more): pin INTA#+p of slot s to [(s + p) mod count],
  // level, active low. devices/pci PciBus routes the same way.
  std::vector<std::uint32_t> intx_gsis;
};

struct AcpiPlatform {
  // One per vCPU, in the order of their processor UIDs 0, 1, ...
  std::vector<std::uint32_t> apic_ids;

  // Local APICs and an IOAPIC. Without them there is no MADT, and interrupts are those of the
  // 8259s.
  bool has_apic = true;
  std::uint32_t lapic_address = 0xfee0'0000;
  std::uint32_t ioapic_address = 0xfec0'0000;
  std::uint8_t ioapic_id = 0;
  bool legacy_pic = true;  // a pair of 8259s is there too
  // Where the PIT's ISA IRQ 0 arrives: GSI 0 is the ISA's own place, 2 the one real PCs wired.
  std::uint32_t irq0_gsi = 2;

  // System control interrupt: power button and other events. Its number is a GSI below 16.
  HwInterrupt sci{.number = 9, .trigger = IrqTrigger::level, .polarity = IrqPolarity::active_high};
  std::uint16_t pm1_event_port = 0x600;    // status at +0, enable at +2
  std::uint16_t pm1_control_port = 0x604;  // SCI_EN always set: there is no SMI_CMD
  std::uint16_t reset_port = 0xcf9;
  std::uint8_t reset_value = 0x06;
  std::uint8_t s5_sleep_type = 5;  // SLP_TYP of power-off

  bool keyboard_controller = false;  // an i8042 that a guest may probe
  bool cmos_rtc = true;
  std::uint8_t century_register = 0x32;  // of the CMOS RTC; 0: none

  std::optional<AcpiPci> pci;
  // Those with an acpi_hid become devices of the namespace.
  std::vector<HwDescription> devices;
};

}  // namespace skiff
