#include "guest/bench/report.h"

#include "guest/machine/console.h"
#include "guest/machine/unprivileged.h"

enum { kMostBuckets = 200, kTextSize = 16384 };

struct Report {
  const char* cell;
  uint64_t requests;
  const struct BenchCounts* counts;
};

static char text[kTextSize];
static unsigned long length;

static void put(char c) {
  if (length < kTextSize) {
    text[length++] = c;
  }
}

static void put_text(const char* words) {
  while (*words) {
    put(*words++);
  }
}

static void put_number(const char* before, uint64_t number) {
  char reversed[20];
  unsigned digits = 0;
  do {
    reversed[digits++] = (char)('0' + number % 10);
    number /= 10;
  } while (number);
  put_text(before);
  while (digits) {
    put(reversed[--digits]);
  }
}

static void put_head(const char* what, const char* cell) {
  put_text("bench: ");
  put_text(what);
  put_text(" cell=");
  put_text(cell);
}

static void put_histogram(const struct Histogram* histogram) {
  const unsigned bits = histogram_merge_bits(histogram, kMostBuckets);
  for (unsigned i = 0; i < kHistogramBuckets;) {
    const unsigned bucket = i >> bits;
    const unsigned first = i;
    uint64_t count = 0;
    for (; i < kHistogramBuckets && i >> bits == bucket; ++i) {
      count += histogram->counts[i];
    }
    if (count) {
      put_number(" ", histogram_lower_bound(first));
      put_number(":", count);
    }
  }
}

static unsigned long compose(unsigned long argument) {
  const struct Report* r = (const struct Report*)argument;
  const struct BenchCounts* counts = r->counts;
  put_head("done", r->cell);
  put_number(" requests=", r->requests);
  put_number(" bytes=", counts->bytes);
  put_number(" cycles=", counts->cycles);
  put_number(" kicks=", counts->kicks);
  put_number(" interrupts=", counts->interrupts);
  put_number(" failed=", counts->failed);
  put('\n');
  put_head("latency", r->cell);
  put_number(" p50=", histogram_quantile(&bench_histogram, 500));
  put_number(" p90=", histogram_quantile(&bench_histogram, 900));
  put_number(" p99=", histogram_quantile(&bench_histogram, 990));
  put_number(" p999=", histogram_quantile(&bench_histogram, 999));
  put_number(" max=", bench_histogram.maximum);
  put('\n');
  put_head("histogram", r->cell);
  put_histogram(&bench_histogram);
  put('\n');
  return 0;
}

void report(const char* cell, uint64_t requests, const struct BenchCounts* counts) {
  const struct Report what = {cell, requests, counts};
  length = 0;
  unprivileged_call(compose, (unsigned long)&what);
  console_send(text, length);
}
