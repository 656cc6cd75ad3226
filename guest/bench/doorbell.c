#include "guest/bench/doorbell.h"

#include "guest/machine/unprivileged.h"

struct Target {
  struct DoorbellWrite write;
  DoorbellLoop* loop;
  int notifies;
};

uint64_t doorbell_spans[kDoorbellChunk];

static const char* write_many(void* context, uint64_t requests, struct BenchCounts* counts) {
  struct Target* target = context;
  target->write.left = requests;
  counts->cycles = unprivileged_call(target->loop, (unsigned long)&target->write);
  counts->bytes = requests * target->write.width;
  counts->kicks = target->notifies ? requests : 0;
  return 0;
}

void doorbell_run(const char* name, const char* face, struct DoorbellWrite write,
                  DoorbellLoop* loop, int notifies) {
  struct Target target = {.write = write, .loop = loop, .notifies = notifies};
  const struct BenchCell cell = {
      .name = name, .face = face, .body = write_many, .context = &target};
  bench_run(&cell);
}

static unsigned long add_spans(unsigned long count) {
  for (unsigned long i = 0; i < count; ++i) {
    histogram_add(&bench_histogram, doorbell_spans[i]);
  }
  return 0;
}

void doorbell_in_chunks(void (*chunk)(unsigned long), uint64_t requests,
                        struct BenchCounts* counts) {
  while (requests) {
    const unsigned long count = requests < kDoorbellChunk ? requests : kDoorbellChunk;
    chunk(count);
    for (unsigned long i = 0; i < count; ++i) {
      counts->cycles += doorbell_spans[i];
    }
    unprivileged_call(add_spans, count);
    requests -= count;
  }
}
