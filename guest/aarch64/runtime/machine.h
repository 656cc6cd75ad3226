// What the device tree says of this machine, read once at the start.
#pragma once

#include "guest/aarch64/runtime/device_tree.h"

struct Machine {
  struct DeviceTree tree;
  uint64_t tree_address;
  const char* command_line;  // never null
  uint64_t memory_start, memory_end;
  uint64_t serial;  // a PL011; 0: none
  unsigned serial_line;
};
extern struct Machine machine;

void machine_init(const void* tree);
