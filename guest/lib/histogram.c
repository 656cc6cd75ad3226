#include "guest/lib/histogram.h"

void histogram_clear(struct Histogram* histogram) {
  histogram->total = 0;
  histogram->maximum = 0;
  for (unsigned i = 0; i < kHistogramBuckets; ++i) {
    *(volatile uint64_t*)(histogram->counts + i) = 0;  // else the compiler calls memset
  }
}

uint64_t histogram_lower_bound(unsigned index) {
  const unsigned octave = index >> kHistogramBits;
  if (octave < 2) {
    return index;
  }
  const uint64_t in_octave = (index & ((1u << kHistogramBits) - 1)) | 1u << kHistogramBits;
  return in_octave << (octave - 1);
}

uint64_t histogram_quantile(const struct Histogram* histogram, unsigned permille) {
  const uint64_t total = histogram->total;
  // Rounded up, and without overflow for any total.
  const uint64_t rank = total / 1000 * permille + (total % 1000 * permille + 999) / 1000;
  uint64_t seen = 0;
  for (unsigned i = 0; i < kHistogramBuckets && total; ++i) {
    seen += histogram->counts[i];
    if (seen >= rank) {
      const uint64_t low = histogram_lower_bound(i);
      const uint64_t middle = low + (histogram_lower_bound(i + 1) - 1 - low) / 2;
      return middle < histogram->maximum ? middle : histogram->maximum;
    }
  }
  return histogram->maximum;
}

static unsigned count_merged(const struct Histogram* histogram, unsigned bits) {
  unsigned filled = 0;
  unsigned last = ~0u;
  for (unsigned i = 0; i < kHistogramBuckets; ++i) {
    if (histogram->counts[i] && i >> bits != last) {
      last = i >> bits;
      ++filled;
    }
  }
  return filled;
}

unsigned histogram_merge_bits(const struct Histogram* histogram, unsigned most) {
  unsigned bits = 0;
  while (bits < 16 && count_merged(histogram, bits) > most) {
    ++bits;
  }
  return bits;
}
