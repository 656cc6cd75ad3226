// Multiple APIC Description Table (ACPI 6.4, 5.2.12) and the PCI Express memory-mapped
// configuration table MCFG (PCI Firmware 3.3, 4.1.2).
#pragma once

#include <string>

#include "vmm/boot/x86_64/acpi/acpi_platform.h"

namespace skiff::acpi {

std::string madt(const AcpiPlatform& platform);
std::string mcfg(const AcpiPci& pci);

}  // namespace skiff::acpi
