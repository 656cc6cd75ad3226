// Memory for rings and buffers: taken in order, given back all at once.
#pragma once

#include <stdint.h>

// `size` bytes on a boundary of `alignment` (a power of two); zeroed only the first time. Ends the
// program if there is no more.
void* pool_take(unsigned long size, unsigned long alignment);
unsigned long pool_mark(void);
// Everything taken since pool_mark gave `mark` is free again.
void pool_release(unsigned long mark);
unsigned long pool_left(void);
void pool_clear_since(unsigned long mark);

// Unprivileged, where it is fast on every KVM.
void clear_fast(void* at, unsigned long size);
// A sequence of 64-bit words that depends on `seed`; `size` is a multiple of 8.
void pattern_fill(void* at, unsigned long size, uint64_t seed);
// True if all of it is there.
int pattern_is(const void* at, unsigned long size, uint64_t seed);
