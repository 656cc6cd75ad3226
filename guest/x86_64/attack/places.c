#include "guest/machine/places.h"

#include "guest/x86_64/runtime/boot_info.h"

enum { kUsualRam = 32 << 20, kUsable = 1, kIgnoredVector = 0x4f };

static struct RamEdges ram;

static void note_ram(uint64_t address, uint64_t size) {
  const uint64_t end = address + size;
  if (address < 1ull << 32) {
    ram.end = end > ram.end ? end : ram.end;
  } else {
    ram.high_end = end > ram.high_end ? end : ram.high_end;
  }
}

void places_init(void) {
  const struct PvhStartInfo* pvh = boot_info.pvh;
  if (pvh && pvh->version >= 1) {
    const struct PvhMemoryMapEntry* entry = (const void*)pvh->memory_map;
    for (unsigned i = 0; i < pvh->memory_map_entries; ++i) {
      if (entry[i].type == kUsable) {
        note_ram(entry[i].address, entry[i].size);
      }
    }
  }
  if (!ram.end) {
    ram.end = kUsualRam;
  }
}

struct RamEdges ram_edges(void) {
  return ram;
}

// Where PCs have them; KVM's pages are those of KVM_SET_TSS_ADDR and KVM_SET_IDENTITY_MAP_ADDR.
struct NamedPlace machine_place(enum MachinePlace which) {
  static const struct NamedPlace kPlaces[kMachinePlaces] = {
      [kPlaceHole] = {"the-hole", 0xd0000000},
      [kPlaceController] = {"the-local-apic", 0xfee00000},
      [kPlaceController2] = {"the-io-apic", 0xfec00000},
      [kPlaceConfiguration] = {"ecam", 0xe0000000},
      [kPlaceHost] = {"kvms-pages", 0xfffc0000},
      [kPlaceEdge] = {"4-gib", 0xffffff00},
  };
  return kPlaces[which];
}

// Vectors are ones that programs ignore, or delivery modes that must come to nothing here (Intel
// SDM volume 3, 11.11).
struct NamedMessage wrong_message(unsigned index) {
  static const struct NamedMessage kMessages[kWrongMessages] = {
      {"of-vector-0", 0xfee00000, 0},
      {"of-vector-15", 0xfee00000, 0x0f},
      {"to-nobody", 0xfeeff000, kIgnoredVector},
      {"lowest-priority", 0xfee0000c, 0x100 | kIgnoredVector},
      {"reserved-mode", 0xfee00000, 0x300 | kIgnoredVector},
      {"high-data", 0xfee00000, 0xffff0000 | kIgnoredVector},
      {"to-the-io-apic", 0xfec00000, kIgnoredVector},
      {"beyond-4-gib", 0x1fee00000ull, kIgnoredVector},
      {"misaligned", 0xfee00001, kIgnoredVector},
  };
  return kMessages[index];
}
