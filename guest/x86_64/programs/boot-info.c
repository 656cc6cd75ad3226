// boot-info: prints what the loader passed: protocol, command line, modules with their first bytes,
// memory map, RSDP.

#include "guest/x86_64/runtime/boot_info.h"

#include "guest/lib/print.h"
#include "guest/machine/program.h"
#include "guest/x86_64/runtime/acpi.h"

static void print_modules(const struct PvhStartInfo* info) {
  const struct PvhModule* modules = (const struct PvhModule*)info->module_list;
  print_number("modules: ", info->module_count, "\n");
  for (uint32_t i = 0; i < info->module_count; ++i) {
    print("module: 0x");
    print_hex(modules[i].address, 1);
    print_number(" size ", modules[i].size, " bytes");
    const uint8_t* bytes = (const uint8_t*)modules[i].address;
    for (uint64_t at = 0; at < 8 && at < modules[i].size; ++at) {
      print(" ");
      print_hex(bytes[at], 2);
    }
    print("\n");
  }
}

static void print_memory_map(const struct PvhStartInfo* info) {
  const struct PvhMemoryMapEntry* map = (const struct PvhMemoryMapEntry*)info->memory_map;
  for (uint32_t i = 0; info->version >= 1 && i < info->memory_map_entries; ++i) {
    print("memory: 0x");
    print_hex(map[i].address, 9);
    print(" size 0x");
    print_hex(map[i].size, 9);
    print_number(" type ", map[i].type, "\n");
  }
}

int program_main(const char* command_line) {
  print(boot_info.pvh ? "protocol: pvh\n" : "protocol: linux64 or none\n");
  print("cmdline: ");
  print(command_line);
  print("\n");
  if (boot_info.pvh) {
    print_modules(boot_info.pvh);
    print_memory_map(boot_info.pvh);
  }
  print("rsdp: 0x");
  print_hex(boot_info.rsdp, 1);
  print("\n");
  static const char* const kTables[] = {"FACP", "APIC", "MCFG", "SRAT", "HPET", "WAET"};
  for (unsigned i = 0; i < sizeof kTables / sizeof kTables[0]; ++i) {
    const uint8_t* table = acpi_find(kTables[i]);
    if (table) {
      print("table: ");
      print(kTables[i]);
      print(acpi_checksum_ok(table) ? " checksum ok\n" : " CHECKSUM WRONG\n");
    }
  }
  return 0;
}
