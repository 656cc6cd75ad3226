// Addresses above the 4 GiB that start.S maps one to one: PCI windows, and RAM of large machines.
#pragma once

#include <stdint.h>

// Maps `length` bytes from `address` one to one, open to CPL 3. 0 where it cannot: beyond 128 TiB,
// or more than a dozen different GiB in all.
int map_high_memory(uint64_t address, uint64_t length);
