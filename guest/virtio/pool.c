#include "guest/virtio/pool.h"

#include "guest/lib/print.h"
#include "guest/machine/end.h"
#include "guest/machine/unprivileged.h"

static uint8_t pool[12 << 20] __attribute__((aligned(4096)));
static unsigned long taken;

void* pool_take(unsigned long size, unsigned long alignment) {
  const unsigned long start = (taken + alignment - 1) & ~(alignment - 1);
  if (start > sizeof pool || size > sizeof pool - start) {
    print("FAIL the program's memory is used up\n");
    end_machine(98);
  }
  taken = start + size;
  return pool + start;
}

unsigned long pool_mark(void) {
  return taken;
}

void pool_release(unsigned long mark) {
  taken = mark;
}

unsigned long pool_left(void) {
  return sizeof pool - taken;
}

struct Job {
  uint64_t* at;
  unsigned long words;
  uint64_t seed;
};

static unsigned long clear_body(unsigned long argument) {
  const struct Job* job = (const struct Job*)argument;
  for (unsigned long i = 0; i < job->words; ++i) {
    *(volatile uint64_t*)(job->at + i) = 0;
  }
  return 0;
}

static uint64_t word(uint64_t seed, unsigned long i) {
  return (seed + i) * 0x9e3779b97f4a7c15ull ^ seed;
}

static unsigned long fill_body(unsigned long argument) {
  const struct Job* job = (const struct Job*)argument;
  for (unsigned long i = 0; i < job->words; ++i) {
    job->at[i] = word(job->seed, i);
  }
  return 0;
}

static unsigned long compare_body(unsigned long argument) {
  const struct Job* job = (const struct Job*)argument;
  for (unsigned long i = 0; i < job->words; ++i) {
    if (*(volatile uint64_t*)(job->at + i) != word(job->seed, i)) {
      return 0;
    }
  }
  return 1;
}

void clear_fast(void* at, unsigned long size) {
  struct Job job = {at, (size + 7) / 8, 0};
  unprivileged_call(clear_body, (unsigned long)&job);
}

void pattern_fill(void* at, unsigned long size, uint64_t seed) {
  struct Job job = {at, size / 8, seed};
  unprivileged_call(fill_body, (unsigned long)&job);
}

int pattern_is(const void* at, unsigned long size, uint64_t seed) {
  struct Job job = {(uint64_t*)at, size / 8, seed};
  return (int)unprivileged_call(compare_body, (unsigned long)&job);
}

void pool_clear_since(unsigned long mark) {
  const unsigned long start = (mark + 7) & ~7ul;
  for (unsigned long i = mark; i < start && i < taken; ++i) {
    pool[i] = 0;
  }
  if (taken > start) {
    clear_fast(pool + start, taken - start);
    taken = (taken + 7) & ~7ul;
  }
}
