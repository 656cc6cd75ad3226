// A log-linear histogram of durations or sizes: exact below 128, from there on 64 buckets to each
// doubling, so that a bucket's bounds are less than 1.6 % apart. No allocation; adding is a few
// instructions. Values of 2^46 and more count in the last bucket. Not for several threads at once.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  kHistogramBits = 6,  // log2 of the buckets of a doubling
  kHistogramLastBit = 45,
  kHistogramBuckets = (kHistogramLastBit - kHistogramBits + 2) << kHistogramBits,
};

struct Histogram {
  uint64_t total;    // values added
  uint64_t maximum;  // exact
  uint64_t counts[kHistogramBuckets];
};

static inline unsigned histogram_index(uint64_t value) {
  if (value >> (kHistogramLastBit + 1)) {
    return kHistogramBuckets - 1;
  }
  if (value < (1u << kHistogramBits)) {
    return (unsigned)value;
  }
  const unsigned shift = 63u - (unsigned)__builtin_clzll(value) - kHistogramBits;
  return (shift << kHistogramBits) + (unsigned)(value >> shift);
}

static inline void histogram_add_many(struct Histogram* histogram, uint64_t value, uint64_t count) {
  histogram->counts[histogram_index(value)] += count;
  histogram->total += count;
  if (value > histogram->maximum) {
    histogram->maximum = value;
  }
}

static inline void histogram_add(struct Histogram* histogram, uint64_t value) {
  histogram_add_many(histogram, value, 1);
}

void histogram_clear(struct Histogram* histogram);

// The smallest value that counts in the bucket; `index` may be kHistogramBuckets, the end.
uint64_t histogram_lower_bound(unsigned index);

// The value that `permille` of a thousand values do not exceed: the middle of its bucket, at most
// the maximum. 0 of an empty histogram.
uint64_t histogram_quantile(const struct Histogram* histogram, unsigned permille);

// By how many bits bucket numbers must be shortened so that at most `most` merged buckets hold
// something.
unsigned histogram_merge_bits(const struct Histogram* histogram, unsigned most);

#ifdef __cplusplus
}
#endif
