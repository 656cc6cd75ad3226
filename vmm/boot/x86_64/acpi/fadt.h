// Fixed ACPI Description Table (ACPI 6.4, 5.2.9) and the FACS it points to (5.2.10).
#pragma once

#include <cstdint>
#include <string>

#include "vmm/boot/x86_64/acpi/acpi_platform.h"

namespace skiff::acpi {

std::string fadt(const AcpiPlatform& platform, std::uint32_t facs_address,
                 std::uint32_t dsdt_address);
// Holds the global lock and the waking vector; must lie at a multiple of 64.
std::string facs();

}  // namespace skiff::acpi
