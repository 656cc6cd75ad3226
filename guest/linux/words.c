#include "guest/linux/words.h"

#include <stdio.h>
#include <string.h>

#include "guest/linux/console.h"

static void say(const char* text) {
  console_say(text, strlen(text));
}

void say_ready(const char* cell, const char* face) {
  char line[256];
  // How many requests there will be, time says.
  snprintf(line, sizeof line, "bench: ready cell=%s face=%s requests=0\n", cell, face);
  say(line);
  console_hold();
}

void say_mark(void) {
  say("!");
  console_hold();
}

void say_cell(const char* cell, uint64_t requests, const struct BenchCounts* counts,
              const struct Histogram* latency) {
  static char text[kBenchLinesRoom];
  console_say(text, bench_lines(text, cell, requests, counts, latency));
}

void say_without(const char* what, const char* cell, const char* why) {
  char line[256];
  snprintf(line, sizeof line, "bench: %s cell=%.64s why=%s\n", what, cell, why);
  say(line);
}
