// A measured loop: unprivileged, asleep with privilege while it has nothing to do.
#pragma once

#include <stdint.h>

// What a loop returns.
enum Pause { kDone, kSleep, kTimeOut };

typedef unsigned long HotLoop(unsigned long argument);

// Calls `loop` until it is done (1), its own time is over, or `guard` milliseconds of sleep have
// gone by without an interrupt and without progress (0). `progress` counts what has been done. A
// loop that never sleeps has a guard of 0.
int hot_loop_run(HotLoop* loop, unsigned long argument, unsigned guard,
                 uint64_t (*progress)(unsigned long argument));
