// Registers that are not mapped from the start: those in PCI's windows.
#pragma once

#include <stdint.h>

// Maps `length` bytes from `address` one to one, for unprivileged code too. 0 where it cannot.
int map_high_memory(uint64_t address, uint64_t length);
