#include "guest/bench/report.h"

#include "guest/machine/console.h"
#include "guest/machine/unprivileged.h"

struct Report {
  const char* cell;
  uint64_t requests;
  const struct BenchCounts* counts;
};

static char text[kBenchLinesRoom];
static unsigned long length;

static unsigned long compose(unsigned long argument) {
  const struct Report* r = (const struct Report*)argument;
  length = bench_lines(text, r->cell, r->requests, r->counts, &bench_histogram);
  return 0;
}

void report(const char* cell, uint64_t requests, const struct BenchCounts* counts) {
  const struct Report what = {cell, requests, counts};
  unprivileged_call(compose, (unsigned long)&what);
  console_send(text, length);
}
