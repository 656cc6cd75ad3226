// Where devices are that no bus lists: virtio-mmio.
#pragma once

#include <stdint.h>

struct MmioDevice {
  uint64_t base;
  uint64_t size;
  unsigned line;  // for interrupts_route_line
};

// Places that may hold one, as the machine tells them: by the device tree, or where there is none
// by `virtio_mmio.device=` words of the command line.
unsigned mmio_devices(const char* command_line, struct MmioDevice* devices, unsigned maximum);
