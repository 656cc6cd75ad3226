// A disk's cells, by fio.
#pragma once

#include <stdint.h>

struct DiskCell {
  const char* name;  // "read-4096-d1"
  const char* face;
  const char* path;  // "/dev/vda"
  const char* interrupts;
  int writes;
  unsigned bytes;
  unsigned depth;
};

// Says `ready`, `!` and the cell's lines, or `skip` or `fail`.
void disk_cell(const struct DiskCell* cell);

// What fio has done just before and just after the measured requests, by this program's own words
// "ready CELL FACE INTERRUPTS" and "mark INTERRUPTS": a process of its own.
int disk_hook(char** words);
