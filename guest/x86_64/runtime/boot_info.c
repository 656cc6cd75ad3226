#include "guest/x86_64/runtime/boot_info.h"

struct BootInfo boot_info = {"", 0, 0};

// Documentation/arch/x86/zero-page.rst and boot.rst.
enum { kZeroPageRsdp = 0x70, kZeroPageCommandLine = 0x228, kZeroPageCommandLineHigh = 0xc8 };

void boot_info_init(unsigned protocol, uint64_t pointer) {
  uint64_t command_line;
  if (protocol == 0) {
    const struct PvhStartInfo* info = (const struct PvhStartInfo*)pointer;
    if (!info || info->magic != 0x336ec578) {
      return;
    }
    boot_info.pvh = info;
    boot_info.rsdp = info->rsdp;
    command_line = info->command_line;
  } else {
    const char* page = (const char*)pointer;
    boot_info.rsdp = *(const uint64_t*)(page + kZeroPageRsdp);
    command_line = *(const uint32_t*)(page + kZeroPageCommandLine) |
                   (uint64_t)*(const uint32_t*)(page + kZeroPageCommandLineHigh) << 32;
  }
  if (command_line) {
    boot_info.command_line = (const char*)command_line;
  }
}
