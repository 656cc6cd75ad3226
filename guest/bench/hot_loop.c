#include "guest/bench/hot_loop.h"

#include "guest/bench/wake.h"
#include "guest/machine/unprivileged.h"

int hot_loop_run(HotLoop* loop, unsigned long argument, unsigned guard,
                 uint64_t (*progress)(unsigned long argument)) {
  uint64_t seen = progress(argument);
  wake_guard(guard);
  for (;;) {
    const unsigned long pause = unprivileged_call(loop, argument);
    if (pause != kSleep) {
      wake_guard(0);
      return pause == kDone;
    }
    wake_sleep();
    if (wake_expired()) {
      const uint64_t now = progress(argument);
      if (now == seen) {
        return 0;
      }
      seen = now;
      wake_guard(guard);
    }
  }
}
