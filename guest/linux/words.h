// The lines of a cell (docs/guest.md, "Bench programs"), on the console.
#pragma once

#include "guest/lib/bench_lines.h"

// With the wait for the runner's byte behind each.
void say_ready(const char* cell, const char* face);
void say_mark(void);

void say_cell(const char* cell, uint64_t requests, const struct BenchCounts* counts,
              const struct Histogram* latency);
// "skip" or "fail".
void say_without(const char* what, const char* cell, const char* why);
