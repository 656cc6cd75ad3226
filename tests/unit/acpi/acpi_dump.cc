// acpi_dump ADDRESS VCPUS FILE: writes the tables of a machine laid out like QEMU's q35, so that a
// kernel can be booted with them there (boot_with_tables.sh).
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>

#include "vmm/base/bits.h"
#include "vmm/boot/x86_64/acpi/acpi_tables.h"

namespace {

skiff::AcpiPlatform q35(std::uint32_t vcpus) {
  using namespace skiff;
  AcpiPlatform platform;
  for (std::uint32_t i = 0; i < vcpus; ++i)
    platform.apic_ids.push_back(i);
  platform.keyboard_controller = true;  // QEMU has one
  platform.pm1_event_port = 0xb000;     // where SeaBIOS puts them without QEMU's tables
  platform.pm1_control_port = 0xb004;
  platform.pci = AcpiPci{.ecam = {0xb000'0000, 256 * MiB},
                         .io = {0, 0x10000},
                         .mmio32 = {0xc000'0000, 0x3ec0'0000},
                         .mmio64 = {0x8'0000'0000, 32 * GiB},
                         .intx_gsis = {16, 17, 18, 19}};
  platform.devices = {{.name = "COM1",
                       .acpi_hid = "PNP0501",
                       .fdt_compatible = "",
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
                       .interrupt = {}}};
  return platform;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: acpi_dump ADDRESS VCPUS FILE\n");
    return 2;
  }
  try {
    const auto vcpus = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 0));
    const skiff::AcpiTables tables = skiff::build_acpi(
        q35(vcpus), skiff::GuestAddress(std::strtoull(argv[1], nullptr, 0)), 0x20000);
    std::ofstream out(argv[3], std::ios::binary);
    out.write(reinterpret_cast<const char*>(tables.bytes.data()),
              static_cast<std::streamsize>(tables.bytes.size()));
    return out.flush() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "acpi_dump: %s\n", error.what());
    return 1;
  }
}
