// The few ACPI tables these programs need, found as an operating system finds them (ACPI
// specification 6.5, chapter 5).
#pragma once

#include <stdint.h>

// The table with this signature, through the RSDP and the XSDT (RSDT if there is none), or null.
const uint8_t* acpi_find(const char* signature);

// True if the bytes of the table add up to zero, as its checksum demands.
int acpi_checksum_ok(const uint8_t* table);

// Fields in a table: offsets are the specification's, and need not be aligned.
uint16_t acpi_u16(const uint8_t* table, unsigned offset);
uint32_t acpi_u32(const uint8_t* table, unsigned offset);
uint64_t acpi_u64(const uint8_t* table, unsigned offset);

// Enters sleep state S5 (soft off). Returns where the tables name no way, or it had no effect.
void acpi_power_off(void);
// Writes the FADT's reset register; returns as above.
void acpi_reset(void);
