#include "guest/bench/arena.h"

#include "guest/aarch64/runtime/machine.h"

enum { kBehindProgram = 32 << 20 };

// To the end of RAM, or to the device tree, which loaders put up there.
void* arena(unsigned long bytes) {
  const uint64_t start = machine.memory_start + kBehindProgram;
  const uint64_t tree = machine.tree_address;
  const uint64_t end = tree >= start && tree < machine.memory_end ? tree : machine.memory_end;
  return start <= end && bytes <= end - start ? (void*)start : 0;
}
