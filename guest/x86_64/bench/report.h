// The three lines of a cell that was measured.
#pragma once

#include "guest/x86_64/bench/bench.h"

// Composed at CPL 3: there may be hundreds of numbers.
void report(const char* cell, uint64_t requests, const struct BenchCounts* counts);
