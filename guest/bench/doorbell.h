// The cells of bench-doorbell: those that every machine has, and what an architecture adds.
#pragma once

#include "arch/processor.h"
#include "guest/bench/bench.h"
#include "guest/virtio/queue.h"

struct DoorbellWrite {
  uint64_t address;  // or port
  uint32_t value;
  unsigned width;
  uint64_t left;
};
typedef unsigned long DoorbellLoop(unsigned long write);

// A loop that times each `write`, of the DoorbellWrite `w`.
#define DOORBELL_LOOP(name, write)                             \
  static unsigned long name(unsigned long argument) {          \
    struct DoorbellWrite* w = (struct DoorbellWrite*)argument; \
    const uint64_t begin = read_cycles();                      \
    uint64_t before = begin;                                   \
    for (; w->left; --w->left) {                               \
      write;                                                   \
      const uint64_t now = read_cycles();                      \
      histogram_add(&bench_histogram, now - before);           \
      before = read_cycles();                                  \
    }                                                          \
    return before - begin;                                     \
  }

// A cell of such writes; `write.left` is not looked at.
void doorbell_run(const char* name, const char* face, struct DoorbellWrite write,
                  DoorbellLoop* loop, int notifies);

// For what needs privilege: `chunk` times that many requests, at most kDoorbellChunk, into
// doorbell_spans; they are counted unprivileged.
enum { kDoorbellChunk = 1024 };
extern uint64_t doorbell_spans[kDoorbellChunk];
void doorbell_in_chunks(void (*chunk)(unsigned long count), uint64_t requests,
                        struct BenchCounts* counts);

// The architecture's own cells, each skipped where it cannot be. `idle` is a live queue in which
// nothing is; null where there is no virtio device.
void doorbell_own_cells(const struct VirtQueue* idle);
