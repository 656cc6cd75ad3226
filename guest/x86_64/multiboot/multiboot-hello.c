// multiboot-hello: an ELF32 multiboot 1 program. Prints its command line, the memory sizes, and of
// each module its command line, size and first 16 bytes as text. Status 0, or 1 if the loader's
// magic number is wrong.

#include <stdint.h>

#include "guest/lib/print.h"
#include "guest/x86_64/runtime/port_io.h"
#include "guest/x86_64/runtime/serial.h"

// Section 3.3 of the specification; a flag bit says which fields are valid.
struct Information {
  uint32_t flags;
  uint32_t memory_lower, memory_upper;  // KiB; bit 0
  uint32_t boot_device;
  uint32_t command_line;               // bit 2
  uint32_t module_count, module_list;  // bit 3
  uint32_t symbols[4];
  uint32_t memory_map_length, memory_map;  // bit 6
};

struct Module {
  uint32_t start, end, command_line, reserved;
};

void multiboot_main(uint32_t magic, const struct Information* information);

static void print_module(const struct Module* module) {
  print("module: ");
  print(module->command_line ? (const char*)module->command_line : "");
  print_number(" size ", module->end - module->start, " starts: ");
  for (uint32_t at = module->start; at < module->end && at < module->start + 16; ++at) {
    const char c = *(const char*)at;
    print_char(c >= ' ' && c < 127 ? c : '.');
  }
  print("\n");
}

static void report(const struct Information* information) {
  print("multiboot-hello: ");
  print((information->flags & 1 << 2) ? (const char*)information->command_line
                                      : "(no command line)");
  print("\n");
  if (information->flags & 1) {
    print_number("memory: lower ", information->memory_lower, " KiB, ");
    print_number("upper ", information->memory_upper, " KiB\n");
  }
  if (information->flags & 1 << 3) {
    print_number("modules: ", information->module_count, "\n");
    const struct Module* modules = (const struct Module*)information->module_list;
    for (uint32_t i = 0; i < information->module_count; ++i) {
      print_module(modules + i);
    }
  }
}

void multiboot_main(uint32_t magic, const struct Information* information) {
  serial_init();
  if (magic == 0x2badb002) {
    report(information);
  } else {
    print("multiboot-hello: wrong magic number\n");
  }
  out8(0xf4, magic == 0x2badb002 ? 0 : 1);
  out8(0x64, 0xfe);
}
