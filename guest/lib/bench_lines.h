// What a program of `skiff bench` says of a cell that it has measured: three lines (docs/guest.md,
// "Bench programs"). Pure: only text is made.
#pragma once

#include <stdint.h>

#include "guest/lib/histogram.h"

#ifdef __cplusplus
extern "C" {
#endif

// Of the kicks, where the program does not tell the device itself.
#define kKicksUntold UINT64_MAX

struct BenchCounts {
  uint64_t bytes;
  uint64_t cycles;  // of the clock that `begin` told the rate of, for all requests together
  uint64_t kicks;   // times that the device was told, or kKicksUntold
  uint64_t interrupts;
  uint64_t failed;  // requests that the device refused
};

enum { kBenchLinesRoom = 16384 };

// Into `text`, of kBenchLinesRoom bytes; returns how many. `latency` has each request's cycles.
unsigned long bench_lines(char* text, const char* cell, uint64_t requests,
                          const struct BenchCounts* counts, const struct Histogram* latency);

#ifdef __cplusplus
}
#endif
