// The clock that programs measure by.
#pragma once

#include <stdint.h>

// Of read_cycles (arch/processor.h).
uint64_t cycles_per_millisecond(void);
