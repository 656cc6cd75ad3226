// The machine's processors, as its firmware lists them.
#pragma once

#include <stdint.h>

// Ids of those that can be started, this one's too, at most `maximum`; returns how many. 0: there
// is no list.
unsigned processors_list(uint64_t* ids, unsigned maximum);
uint64_t processors_self(void);
// Starts `id` at `entry`, code of the architecture's own that needs no stack, and waits until
// `*online` is no longer `before`. 0 if it does not come.
int processors_start(uint64_t id, void (*entry)(void), volatile uint32_t* online, uint32_t before);

// Starts the first processor that is not this one with `body` on a stack of its own, with
// privilege. 0: there is none, or it does not come. When `body` returns it sleeps, and may be
// started again; `body` must not use unprivileged_call.
int second_processor_start(void (*body)(void));
