#include "guest/lib/bench_lines.h"

enum { kMostBuckets = 200 };

struct Text {
  char* at;
  unsigned long length;
};

static void put(struct Text* text, char c) {
  if (text->length < kBenchLinesRoom) {
    text->at[text->length++] = c;
  }
}

static void put_text(struct Text* text, const char* words) {
  while (*words) {
    put(text, *words++);
  }
}

static void put_number(struct Text* text, const char* before, uint64_t number) {
  char reversed[20];
  unsigned digits = 0;
  do {
    reversed[digits++] = (char)('0' + number % 10);
    number /= 10;
  } while (number);
  put_text(text, before);
  while (digits) {
    put(text, reversed[--digits]);
  }
}

static void put_head(struct Text* text, const char* what, const char* cell) {
  put_text(text, "bench: ");
  put_text(text, what);
  put_text(text, " cell=");
  put_text(text, cell);
}

static void put_histogram(struct Text* text, const struct Histogram* histogram) {
  const unsigned bits = histogram_merge_bits(histogram, kMostBuckets);
  for (unsigned i = 0; i < kHistogramBuckets;) {
    const unsigned bucket = i >> bits;
    const unsigned first = i;
    uint64_t count = 0;
    for (; i < kHistogramBuckets && i >> bits == bucket; ++i) {
      count += histogram->counts[i];
    }
    if (count) {
      put_number(text, " ", histogram_lower_bound(first));
      put_number(text, ":", count);
    }
  }
}

unsigned long bench_lines(char* at, const char* cell, uint64_t requests,
                          const struct BenchCounts* counts, const struct Histogram* latency) {
  struct Text text = {at, 0};
  put_head(&text, "done", cell);
  put_number(&text, " requests=", requests);
  put_number(&text, " bytes=", counts->bytes);
  put_number(&text, " cycles=", counts->cycles);
  if (counts->kicks != kKicksUntold) {
    put_number(&text, " kicks=", counts->kicks);
  }
  put_number(&text, " interrupts=", counts->interrupts);
  put_number(&text, " failed=", counts->failed);
  put(&text, '\n');
  put_head(&text, "latency", cell);
  put_number(&text, " p50=", histogram_quantile(latency, 500));
  put_number(&text, " p90=", histogram_quantile(latency, 900));
  put_number(&text, " p99=", histogram_quantile(latency, 990));
  put_number(&text, " p999=", histogram_quantile(latency, 999));
  put_number(&text, " max=", latency->maximum);
  put(&text, '\n');
  put_head(&text, "histogram", cell);
  put_histogram(&text, latency);
  put(&text, '\n');
  return text.length;
}
