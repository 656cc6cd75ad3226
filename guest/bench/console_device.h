// A console as bench-console drives it, whatever its face.
#pragma once

#include <stdint.h>

enum { kConsoleWriteMaximum = 4096 };

struct ConsoleDevice {
  const char* face;
  int sleeps;               // input interrupts
  int waits_for_interrupt;  // each write that is done interrupts
  uint64_t kicks;

  // Unprivileged. Begins a write; `data` stays until it is done. One at a time.
  void (*write)(struct ConsoleDevice* device, const char* data, uint32_t bytes);
  int (*written)(struct ConsoleDevice* device);
  // Takes of what has come in about `most` bytes, or all there is: how many.
  uint32_t (*read)(struct ConsoleDevice* device, uint32_t most);
  // Asks for an interrupt with input; true if there is some already.
  int (*arm)(struct ConsoleDevice* device);

  // Privileged. Before and after input is wanted.
  void (*begin_read)(struct ConsoleDevice* device);
  void (*end_read)(struct ConsoleDevice* device);
  uint64_t (*interrupts)(struct ConsoleDevice* device);
};

// The machine's own serial port.
struct ConsoleDevice* console_serial_open(const char* line, const char** why);
struct ConsoleDevice* console_virtio_open(const char* line, int pci, const char** why);
