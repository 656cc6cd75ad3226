#include "guest/machine/mmio_devices.h"

static const char* read_number(const char* at, uint64_t* number) {
  unsigned base = 10;
  if (at[0] == '0' && (at[1] | 0x20) == 'x') {
    base = 16;
    at += 2;
  }
  for (*number = 0;; ++at) {
    unsigned digit = 99;
    if (*at >= '0' && *at <= '9') {
      digit = (unsigned)(*at - '0');
    } else if ((*at | 0x20) >= 'a' && (*at | 0x20) <= 'f') {
      digit = (unsigned)(*at | 0x20) - 'a' + 10;
    }
    if (digit >= base) {
      break;
    }
    *number = *number * base + digit;
  }
  if ((*at | 0x20) == 'k') {
    *number <<= 10;
    ++at;
  } else if ((*at | 0x20) == 'm') {
    *number <<= 20;
    ++at;
  }
  return at;
}

// virtio 1.2, 4.2.3.1, and the kernel's admin-guide:
// virtio_mmio.device=<size>@<baseaddr>:<irq>[:<id>]
unsigned mmio_devices(const char* line, struct MmioDevice* devices, unsigned maximum) {
  static const char kWord[] = "virtio_mmio.device=";
  unsigned count = 0;
  for (; *line && count < maximum; ++line) {
    unsigned same = 0;
    while (kWord[same] && line[same] == kWord[same]) {
      ++same;
    }
    if (kWord[same]) {
      continue;
    }
    uint64_t size;
    uint64_t base;
    uint64_t irq;
    const char* at = read_number(line + same, &size);
    if (*at++ != '@') {
      continue;
    }
    at = read_number(at, &base);
    if (*at++ != ':') {
      continue;
    }
    read_number(at, &irq);
    devices[count++] = (struct MmioDevice){base, size, (unsigned)irq};
  }
  return count;
}
