// All ACPI tables of a machine, as one blob for one place in guest memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vmm/boot/x86_64/acpi/acpi_platform.h"
#include "vmm/io/guest_address.h"

namespace skiff {

struct AcpiTables {
  std::vector<std::byte> bytes;  // to be copied to the address given to build_acpi
  GuestAddress rsdp;             // for the boot protocol; also found by a scan of 0xE0000-0xFFFFF
};

// RSDP, XSDT, FACS, DSDT, FADT, MADT where there are APICs, and MCFG where there is PCI, laid out
// from `where` on. `where` is a multiple of 64 below 4 GiB; in 0xE0000-0xFFFFF the guest also finds
// the tables by itself. Throws ConfigError where the platform cannot be described, or needs more
// than `max_size` bytes. Thread rule: none; pure.
AcpiTables build_acpi(const AcpiPlatform& platform, GuestAddress where, std::size_t max_size);

}  // namespace skiff
