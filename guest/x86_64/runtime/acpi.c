#include "guest/x86_64/runtime/acpi.h"

#include "guest/x86_64/runtime/boot_info.h"
#include "guest/x86_64/runtime/port_io.h"

uint16_t acpi_u16(const uint8_t* table, unsigned offset) {
  return (uint16_t)(table[offset] | table[offset + 1] << 8);
}
uint32_t acpi_u32(const uint8_t* table, unsigned offset) {
  return acpi_u16(table, offset) | (uint32_t)acpi_u16(table, offset + 2) << 16;
}
uint64_t acpi_u64(const uint8_t* table, unsigned offset) {
  return acpi_u32(table, offset) | (uint64_t)acpi_u32(table, offset + 4) << 32;
}

static int same(const uint8_t* bytes, const char* text) {
  while (*text) {
    if (*bytes++ != (uint8_t)*text++) {
      return 0;
    }
  }
  return 1;
}

static int sums_to_zero(const uint8_t* bytes, uint32_t count) {
  uint8_t sum = 0;
  while (count--) {
    sum = (uint8_t)(sum + *bytes++);
  }
  return sum == 0;
}

int acpi_checksum_ok(const uint8_t* table) {
  return sums_to_zero(table, acpi_u32(table, 4));
}

// 5.2.5.1: where the loader names none, the RSDP lies on a 16-byte boundary of the BIOS area.
static const uint8_t* find_rsdp(void) {
  if (boot_info.rsdp) {
    return (const uint8_t*)boot_info.rsdp;
  }
  for (uintptr_t at = 0xe0000; at < 0x100000; at += 16) {
    const uint8_t* bytes = (const uint8_t*)at;
    if (bytes[0] == 'R' && same(bytes, "RSD PTR ") && sums_to_zero(bytes, 20)) {
      return bytes;
    }
  }
  return 0;
}

const uint8_t* acpi_find(const char* signature) {
  const uint8_t* rsdp = find_rsdp();
  if (!rsdp || !same(rsdp, "RSD PTR ")) {
    return 0;
  }
  uint64_t root = 0;
  unsigned width = 4;
  if (rsdp[15] >= 2 && acpi_u64(rsdp, 24)) {
    root = acpi_u64(rsdp, 24);
    width = 8;
  } else {
    root = acpi_u32(rsdp, 16);
  }
  const uint8_t* list = (const uint8_t*)root;
  if (!list) {
    return 0;
  }
  for (uint32_t offset = 36; offset + width <= acpi_u32(list, 4); offset += width) {
    const uint64_t address = width == 8 ? acpi_u64(list, offset) : acpi_u32(list, offset);
    if (address && same((const uint8_t*)address, signature)) {
      return (const uint8_t*)address;
    }
  }
  return 0;
}

enum {  // 5.2.9, FADT
  kFadtDsdt = 40,
  kFadtPm1aControl = 64,
  kFadtFlags = 112,
  kFadtResetRegister = 116,
  kFadtResetValue = 128,
  kFadtXDsdt = 140,
  kFadtXPm1aControl = 172,
  kFadtSleepControl = 244,
  kFadtResetSupported = 1 << 10,
  kFadtHardwareReduced = 1 << 20,
};

// The first element of the DSDT's \_S5_ package (20.2.5.1 and 20.2.3): the value for SLP_TYP.
// Looked up by its bytes, as boot loaders do; an interpreter would be a hundred times this program.
static unsigned soft_off_type(const uint8_t* fadt) {
  uint64_t address = acpi_u32(fadt, 4) >= kFadtXDsdt + 8 ? acpi_u64(fadt, kFadtXDsdt) : 0;
  if (!address) {
    address = acpi_u32(fadt, kFadtDsdt);
  }
  const uint8_t* dsdt = (const uint8_t*)address;
  const uint32_t length = dsdt ? acpi_u32(dsdt, 4) : 0;
  for (uint32_t i = 36; i + 12 < length; ++i) {
    if (dsdt[i] != '_' || !same(dsdt + i, "_S5_") || dsdt[i + 4] != 0x12) {
      continue;
    }
    const uint8_t* element = dsdt + i + 5;
    element += (*element >> 6) + 1;  // PkgLength: bits 7-6 count its further bytes
    ++element;                       // NumElements
    return *element == 0x0a ? element[1] : *element;
  }
  return 5;
}

// 5.2.3.2: a generic address; only system memory (0) and system I/O (1) matter here.
static void write_register(const uint8_t* gas, uint8_t value) {
  const uint64_t address = acpi_u64(gas, 4);
  if (gas[0] == 1) {
    out8((uint16_t)address, value);
  } else if (gas[0] == 0 && address) {
    *(volatile uint8_t*)address = value;
  }
}

void acpi_power_off(void) {
  const uint8_t* fadt = acpi_find("FACP");
  if (!fadt) {
    return;
  }
  const unsigned type = soft_off_type(fadt);
  const uint32_t length = acpi_u32(fadt, 4);
  if ((acpi_u32(fadt, kFadtFlags) & kFadtHardwareReduced) && length >= kFadtSleepControl + 12) {
    write_register(fadt + kFadtSleepControl,
                   (uint8_t)(type << 2 | 1 << 5));  // 4.8.3.7: SLP_TYPx, SLP_EN
    return;
  }
  uint64_t port = acpi_u32(fadt, kFadtPm1aControl);
  if (!port && length >= kFadtXPm1aControl + 12 && fadt[kFadtXPm1aControl] == 1) {
    port = acpi_u64(fadt, kFadtXPm1aControl + 4);
  }
  if (port) {
    out16((uint16_t)port, (uint16_t)(type << 10 | 1 << 13));  // 4.8.3.2.1: SLP_TYPx, SLP_EN
  }
}

void acpi_reset(void) {
  const uint8_t* fadt = acpi_find("FACP");
  if (fadt && (acpi_u32(fadt, kFadtFlags) & kFadtResetSupported)) {
    write_register(fadt + kFadtResetRegister, fadt[kFadtResetValue]);
  }
}
