#include "guest/x86_64/runtime/high_memory.h"

// Intel SDM volume 3, 4.5. Entries: present, writable, user; PS makes one of level 2 a 2 MiB page.
enum { kTables = 8, kTable = 7, kPage = 0x87 };

extern uint64_t page_map[512];
static uint64_t tables[kTables][512] __attribute__((aligned(4096)));
static unsigned used;

int map_high_memory(uint64_t address, uint64_t length) {
  uint64_t* level3 = (uint64_t*)(page_map[0] & ~0xfffull);
  const uint64_t end = address + length;
  for (uint64_t page = address & ~0x1fffffull; page < end; page += 0x200000) {
    const uint64_t index = page >> 30;
    if (index >= 512) {
      return 0;
    }
    if (index < 4) {
      continue;
    }
    if (!level3[index]) {
      if (used == kTables) {
        return 0;
      }
      level3[index] = (uint64_t)tables[used++] | kTable;
    }
    ((uint64_t*)(level3[index] & ~0xfffull))[page >> 21 & 511] = page | kPage;
  }
  return 1;
}
