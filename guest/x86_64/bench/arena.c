#include "guest/bench/arena.h"

#include "guest/x86_64/runtime/boot_info.h"

// Well behind the program, its pool, and what loaders put beside it.
enum { kArenaStart = 32 << 20, kRam = 1, kWithoutMap = 64 << 20 };
static const unsigned long kArenaLimit = 0xc0000000;  // PCI windows begin no lower

static unsigned long find_end(void) {
  const struct PvhStartInfo* pvh = boot_info.pvh;
  if (!pvh || pvh->version < 1 || !pvh->memory_map) {
    return kWithoutMap;
  }
  const struct PvhMemoryMapEntry* entry = (const struct PvhMemoryMapEntry*)pvh->memory_map;
  for (unsigned i = 0; i < pvh->memory_map_entries; ++i, ++entry) {
    if (entry->type == kRam && entry->address <= kArenaStart &&
        entry->address + entry->size > kArenaStart) {
      const unsigned long end = entry->address + entry->size;
      return end < kArenaLimit ? end : kArenaLimit;
    }
  }
  return kArenaStart;
}

void* arena(unsigned long bytes) {
  static unsigned long end;
  if (!end) {
    end = find_end();
  }
  return bytes <= end - kArenaStart ? (void*)kArenaStart : 0;
}
