#include "guest/bench/bench.h"

#include "guest/bench/hold.h"
#include "guest/bench/report.h"
#include "guest/bench/wake.h"
#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/unprivileged.h"
#include "guest/virtio/deadline.h"

enum {
  kVersion = 1,
  kMostNames = 48,
  kWarmUpMilliseconds = 15,
  kMeasureMilliseconds = 150,
  kLongestMilliseconds = 2000,
  kFew = 64,
  kFewest = 3,
  kMost = 4000000,
};

struct Histogram bench_histogram;

static const char* line = "";
static int holds;
static const char* known[kMostNames];
static unsigned known_count;

void bench_begin(const char* program, const char* command_line) {
  line = command_line;
  holds = text_has_word(line, "hold");
  wake_init();
  hold_init();
  print("bench: begin program=");
  print(program);
  print_number(" version=", kVersion, "");
  print_number(" tsc_khz=", cycles_per_millisecond(), "\n");
}

const char* bench_line(void) {
  return line;
}

static int is_end(char c) {
  return !c || c == ',' || c == ' ' || c == '\t' || c == '\n';
}

// The name at `at` in the list is `name`.
static int is_name(const char* at, const char* name) {
  while (*name && *at == *name) {
    ++at;
    ++name;
  }
  return !*name && is_end(*at);
}

static const char* next_name(const char* at) {
  while (!is_end(*at)) {
    ++at;
  }
  return *at == ',' ? at + 1 : 0;
}

int bench_wanted(const char* name) {
  if (known_count < kMostNames) {
    known[known_count++] = name;
  }
  const char* at = text_value(line, "cells");
  if (!at) {
    return 1;
  }
  for (; at; at = next_name(at)) {
    if (is_name(at, name)) {
      return 1;
    }
  }
  return 0;
}

static void not_done(const char* what, const char* name, const char* why) {
  print("bench: ");
  print(what);
  print(" cell=");
  print(name);
  print(" why=");
  print(why);
  print("\n");
}

void bench_skip(const char* name, const char* why) {
  not_done("skip", name, why);
}

void bench_fail(const char* name, const char* why) {
  not_done("fail", name, why);
}

static unsigned long clear_body(unsigned long argument) {
  histogram_clear((struct Histogram*)argument);
  return 0;
}

static const char* run(const struct BenchCell* cell, uint64_t requests,
                       struct BenchCounts* counts) {
  *counts = (struct BenchCounts){0};
  unprivileged_call(clear_body, (unsigned long)&bench_histogram);
  return cell->body(cell->context, requests, counts);
}

static uint64_t at_most(uint64_t requests, uint64_t limit) {
  return limit && requests > limit ? limit : requests;
}

static const char* prepare(const struct BenchCell* cell, uint64_t requests, int warm_up) {
  return cell->prepare ? cell->prepare(cell->context, requests, warm_up) : 0;
}

static const char* warm_up_round(const struct BenchCell* cell, uint64_t requests,
                                 struct BenchCounts* counts) {
  const char* why = prepare(cell, requests, 1);
  return why ? why : run(cell, requests, counts);
}

// As many as fill the time; of slow ones enough to say something about them, if that is not long.
static uint64_t choose(uint64_t each) {
  const uint64_t filling = kMeasureMilliseconds * cycles_per_millisecond() / each;
  if (filling >= kFew) {
    return at_most(filling, kMost);
  }
  const uint64_t bearable = kLongestMilliseconds * cycles_per_millisecond() / each;
  return bearable >= kFew ? kFew : bearable > kFewest ? bearable : kFewest;
}

// Past whatever the first requests cost; without requests= also to see how many fill the time.
static const char* warm_up(const struct BenchCell* cell, uint64_t* requests) {
  struct BenchCounts counts;
  if (*requests) {
    return warm_up_round(cell, (*requests + 9) / 10, &counts);
  }
  const uint64_t enough = kWarmUpMilliseconds * cycles_per_millisecond();
  for (uint64_t batch = cell->minimum ? cell->minimum : 1;;
       batch = at_most(batch * 8, cell->maximum)) {
    const char* why = warm_up_round(cell, batch, &counts);
    if (why) {
      return why;
    }
    // Little is concluded from one: it may have grown a file, or filled a cache.
    if (counts.cycles >= (batch == 1 ? 20 * enough : enough) || batch == cell->maximum) {
      const uint64_t chosen = choose(counts.cycles / batch + 1);
      *requests = at_most(chosen < cell->minimum ? cell->minimum : chosen, cell->maximum);
      return 0;
    }
  }
}

static void ready(const struct BenchCell* cell, uint64_t requests) {
  print("bench: ready cell=");
  print(cell->name);
  print(" face=");
  print(cell->face);
  print_number(" requests=", requests, "\n");
  if (holds) {
    hold_wait();
  }
}

void bench_run(const struct BenchCell* cell) {
  uint64_t requests = at_most(text_number(line, "requests", 0), cell->maximum);
  const char* why = warm_up(cell, &requests);
  if (!why) {
    why = prepare(cell, requests, 0);
  }
  if (why) {
    bench_fail(cell->name, why);
    return;
  }
  ready(cell, requests);
  struct BenchCounts counts;
  why = run(cell, requests, &counts);
  print_char('!');
  if (holds) {
    hold_wait();
  }
  if (why) {
    bench_fail(cell->name, why);
    return;
  }
  report(cell->name, requests, &counts);
}

int bench_end(void) {
  for (const char* at = text_value(line, "cells"); at; at = next_name(at)) {
    unsigned i = 0;
    while (i < known_count && !is_name(at, known[i])) {
      ++i;
    }
    if (i < known_count || is_end(*at)) {
      continue;
    }
    print("bench: skip cell=");
    for (const char* c = at; !is_end(*c); ++c) {
      print_char(*c);
    }
    print(" why=no_such_cell\n");
  }
  print("bench: end status=0\n");
  return 0;
}
