// What the loader told us, from a PVH start_info or a Linux zero page.
#pragma once

#include <stdint.h>

// xen/include/public/arch-x86/hvm/start_info.h, version 1.
struct PvhStartInfo {
  uint32_t magic;  // 0x336ec578
  uint32_t version;
  uint32_t flags;
  uint32_t module_count;
  uint64_t module_list;
  uint64_t command_line;
  uint64_t rsdp;
  uint64_t memory_map;  // from version 1 on
  uint32_t memory_map_entries;
  uint32_t reserved;
};

struct PvhModule {
  uint64_t address;
  uint64_t size;
  uint64_t command_line;
  uint64_t reserved;
};

struct PvhMemoryMapEntry {
  uint64_t address;
  uint64_t size;
  uint32_t type;  // as E820
  uint32_t reserved;
};

struct BootInfo {
  const char* command_line;        // never null
  uint64_t rsdp;                   // 0 if the loader named none
  const struct PvhStartInfo* pvh;  // null when entered by the Linux 64-bit protocol
};

extern struct BootInfo boot_info;

// `protocol`: 0 for PVH with `pointer` at the start_info, 1 for Linux with `pointer` at the zero
// page.
void boot_info_init(unsigned protocol, uint64_t pointer);
