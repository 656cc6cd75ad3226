#include "guest/linux/fio_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What stands behind the next `"name" :` at or after `at`; null if it does not come.
static const char* member(const char* at, const char* name) {
  char quoted[64];
  const int length = snprintf(quoted, sizeof quoted, "\"%s\"", name);
  while ((at = strstr(at, quoted)) != NULL) {
    at += length;
    at += strspn(at, " ");
    if (*at == ':') {
      return at + 1 + strspn(at + 1, " \n\t");
    }
  }
  return NULL;
}

static uint64_t number(const char* at, const char* name) {
  const char* found = member(at, name);
  return found ? strtoull(found, NULL, 10) : 0;
}

static const char* find_job(const char* text, const char* job) {
  const unsigned long length = strlen(job);
  for (const char* at = text; (at = member(at, "jobname")) != NULL;) {
    if (*at == '"' && strncmp(at + 1, job, length) == 0 && at[length + 1] == '"') {
      return at;
    }
  }
  return NULL;
}

// "bins" : { "12288" : 3, "12416" : 1 }
static void read_bins(const char* at, struct Histogram* latency) {
  while (*at == '{' || *at == ',') {
    at += 1 + strspn(at + 1, " \n\t");
    if (*at != '"') {
      return;
    }
    char* end;
    const uint64_t ns = strtoull(at + 1, &end, 10);
    at = end + strspn(end, "\" :");
    const uint64_t count = strtoull(at, &end, 10);
    if (end == at) {
      return;
    }
    histogram_add_many(latency, ns, count);
    at = end + strspn(end, " \n\t");
  }
}

const char* fio_report(const char* text, const char* job, const char* direction, uint64_t* requests,
                       struct BenchCounts* counts, struct Histogram* latency) {
  const char* at = find_job(text, job);
  if (!at) {
    return "fio_said_nothing_of_the_job";
  }
  if (number(at, "error")) {
    return "fio_met_an_error";
  }
  at = member(at, direction);
  if (!at) {
    return "fio_said_nothing_of_the_requests";
  }
  histogram_clear(latency);
  *requests = number(at, "total_ios");
  counts->bytes = number(at, "io_bytes");
  counts->cycles = number(at, "runtime") * 1000000;  // [ms]
  const char* const all = member(at, "lat_ns");
  const char* const bins = all ? member(all, "bins") : NULL;
  if (bins) {
    read_bins(bins, latency);
  }
  return !*requests || !counts->cycles || !latency->total ? "fio_measured_nothing" : NULL;
}
