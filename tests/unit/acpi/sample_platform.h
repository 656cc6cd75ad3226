// A PC as Skiff's board would describe it, for the tests.
#pragma once

#include "vmm/base/bits.h"
#include "vmm/boot/x86_64/acpi/acpi_platform.h"

namespace skiff::acpi_test {

inline AcpiPlatform sample_platform(std::uint32_t vcpus = 2) {
  AcpiPlatform platform;
  for (std::uint32_t i = 0; i < vcpus; ++i)
    platform.apic_ids.push_back(i);
  platform.pci = AcpiPci{.ecam = {0xb000'0000, MiB},
                         .io = {0, 0x10000},
                         .mmio32 = {0xc000'0000, 0x3ec0'0000},
                         .mmio64 = {0x80'0000'0000, 64 * GiB},
                         .intx_gsis = {16, 17, 18, 19, 20, 21, 22, 23}};
  platform.devices = {
      {.name = "COM1",
       .acpi_hid = "PNP0501",
       .fdt_compatible = "ns16550a",
       .unit = 1,
       .ranges = {{IoSpace::port, {0x3f8, 8}}},
       .interrupt = HwInterrupt{.number = 4}},
      {.name = "RTC",
       .acpi_hid = "PNP0B00",
       .fdt_compatible = "",
       .unit = 0,
       .ranges = {{IoSpace::port, {0x70, 2}}},
       .interrupt = HwInterrupt{.number = 8}},
      {.name = "PEVT",
       .acpi_hid = "QEMU0001",
       .fdt_compatible = "",
       .unit = 0,
       .ranges = {{IoSpace::port, {0x505, 1}}},
       .interrupt = {}},
      {.name = "VIO0",
       .acpi_hid = "LNRO0005",
       .fdt_compatible = "virtio,mmio",
       .unit = 0,
       .ranges = {{IoSpace::mmio, {0xfeb0'0000, 0x1000}}},
       .interrupt = HwInterrupt{.number = 5}},
      {.name = "HIGH",
       .acpi_hid = "SKIF0001",
       .fdt_compatible = "",
       .unit = 3,
       .ranges = {{IoSpace::mmio, {0x100'0000'0000, 0x1000}}, {IoSpace::port, {0x4000, 0x800}}},
       .interrupt = HwInterrupt{.number = 40,
                                .trigger = IrqTrigger::level,
                                .polarity = IrqPolarity::active_low,
                                .shared = true}},
      {.name = "hidden", .acpi_hid = "", .fdt_compatible = "x", .ranges = {}, .interrupt = {}},
  };
  return platform;
}

}  // namespace skiff::acpi_test
