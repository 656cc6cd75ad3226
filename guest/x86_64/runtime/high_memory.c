#include "guest/machine/high_memory.h"

// Beyond the 4 GiB that start.S maps: PCI windows, and RAM of large machines; not beyond 128 TiB,
// nor more than a dozen different GiB in all. Intel SDM volume 3, 4.5. Entries: present, writable,
// user; PS makes one of level 2 a 2 MiB page.
enum { kTables = 16, kTable = 7, kPage = 0x87 };

extern uint64_t page_map[512];
static uint64_t tables[kTables][512] __attribute__((aligned(4096)));
static unsigned used;

// The table behind an entry, made if need be; null if there is no more.
static uint64_t* table_of(uint64_t* entry) {
  if (!*entry) {
    if (used == kTables) {
      return 0;
    }
    *entry = (uint64_t)tables[used++] | kTable;
  }
  return (uint64_t*)(*entry & ~0xfffull);
}

int map_high_memory(uint64_t address, uint64_t length) {
  const uint64_t end = address + length;
  for (uint64_t page = address & ~0x1fffffull; page < end; page += 0x200000) {
    if (page >> 32 == 0) {
      continue;
    }
    if (page >> 47) {
      return 0;
    }
    uint64_t* level3 = table_of(page_map + (page >> 39));
    uint64_t* level2 = level3 ? table_of(level3 + (page >> 30 & 511)) : 0;
    if (!level2) {
      return 0;
    }
    level2[page >> 21 & 511] = page | kPage;
  }
  return 1;
}
