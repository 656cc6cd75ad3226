// The three lines of a cell that was measured.
#pragma once

#include "guest/bench/bench.h"

// Composed unprivileged: there may be hundreds of numbers.
void report(const char* cell, uint64_t requests, const struct BenchCounts* counts);
