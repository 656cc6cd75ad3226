// Further processors, started by PSCI.
#pragma once

#include <stdint.h>

// Starts the first processor of the device tree that is not this one with `body` on a stack of its
// own; `*mpidr` is its affinities. When `body` returns it sleeps. 0: there is none, or it does not
// start.
int second_processor_start(void (*body)(void), uint64_t* mpidr);
