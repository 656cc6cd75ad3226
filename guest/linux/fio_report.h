// What fio(1) says in its format json+ of one job. Pure.
#pragma once

#include "guest/lib/bench_lines.h"

#ifdef __cplusplus
extern "C" {
#endif

// Of the job `job`, its half `direction` ("read", "write"): 0 and the requests, bytes, time and
// latencies [ns], or why there is nothing: words_with_underscores. `counts` keeps its interrupts.
const char* fio_report(const char* text, const char* job, const char* direction, uint64_t* requests,
                       struct BenchCounts* counts, struct Histogram* latency);

#ifdef __cplusplus
}
#endif
