// Differentiated System Description Table (ACPI 6.4, 5.2.11.1): the namespace.
#pragma once

#include <string>

#include "vmm/boot/x86_64/acpi/acpi_platform.h"

namespace skiff::acpi {

std::string dsdt(const AcpiPlatform& platform);

}  // namespace skiff::acpi
