// What the programs of `skiff bench` have in common: which cells are wanted, how many requests, the
// lines on COM1, and waiting for the runner (docs/guest.md, "Bench programs").
#pragma once

#include <stdint.h>

#include "guest/lib/bench_lines.h"

// Each request's cycles go here; cleared before each run.
extern struct Histogram bench_histogram;

// Does `requests` requests. Null, or why it could not: words_with_underscores.
typedef const char* BenchBody(void* context, uint64_t requests, struct BenchCounts* counts);

struct BenchCell {
  const char* name;
  const char* face;
  BenchBody* body;
  void* context;
  uint64_t maximum;  // requests at most; 0: no limit
  uint64_t minimum;  // and at least, where requests= says nothing, however long they take
  // May be null. Before each round of the warm-up, and before `ready`: what must not be measured.
  // Null, or why there is nothing to measure.
  const char* (*prepare)(void* context, uint64_t requests, int warm_up);
};

// First of all, once: takes interrupts, measures the time-stamp counter, prints the first line.
void bench_begin(const char* program, const char* command_line);
const char* bench_line(void);

// True if cells= names this cell, or is absent. `name` must live until bench_end.
int bench_wanted(const char* name);
void bench_skip(const char* name, const char* why);
void bench_fail(const char* name, const char* why);
// Warm-up, `ready`, the measured loop, `done`; or `fail`.
void bench_run(const struct BenchCell* cell);

// The last line; returns the program's exit status.
int bench_end(void);
