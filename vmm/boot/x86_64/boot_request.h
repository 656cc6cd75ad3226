// What load_guest is asked to do: files, protocol, and the machine's memory as the board drew it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/boot/boot_layout.h"
#include "vmm/io/guest_memory.h"

namespace skiff {

struct BootRequest {
  enum class Protocol {
    auto_detect,   // by the file's magic, see docs/boot.md
    linux64,       // bzImage as it is; the kernel unpacks itself
    linux_direct,  // bzImage unpacked on the host, or an ELF vmlinux
    pvh,           // ELF (or bzImage unpacked to one) with a XEN_ELFNOTE_PHYS32_ENTRY note
    multiboot,     // multiboot 1
    flat,          // bytes at flat.address, entered in flat.mode
  };
  enum class Mode { real, protected_mode, long_mode };
  struct Flat {
    std::uint64_t address = 0x10'0000;
    Mode mode = Mode::protected_mode;
    std::uint8_t privilege = 0;  // CPL: 0, or 3 (long mode only)
  };

  const GuestMemory& memory;
  std::string kernel = {};
  std::string initrd = {};                  // empty: none
  std::optional<std::string> cmdline = {};  // nothing: kLinuxDefaultCmdline for Linux, else empty
  // What the board adds to whichever that is, such as "virtio_mmio.device=4K@0xe0100000:10".
  std::string added_cmdline = {};
  Protocol protocol = Protocol::auto_detect;
  Flat flat = {};
  // All of the guest's address map that the guest is told of (E820), ascending; at most 128
  // entries.
  std::vector<MemoryMapEntry> memory_map = {};
  // Usable RAM that must stay free all the same (ACPI tables the board wrote there, for example).
  std::vector<NamedRange> reserved = {};
  std::uint64_t rsdp = 0;  // guest address of the ACPI RSDP; 0: none
  // RAM was never written: what is zero already is not cleared again (touching it costs time).
  // Leave it false when a guest is started anew in RAM that one ran in.
  bool memory_is_zero = false;

  // `usual`: of the protocol.
  std::string full_cmdline(std::string_view usual) const {
    std::string text = cmdline.value_or(std::string(usual));
    if (!text.empty() && !added_cmdline.empty()) text += ' ';
    return text + added_cmdline;
  }
};

}  // namespace skiff
