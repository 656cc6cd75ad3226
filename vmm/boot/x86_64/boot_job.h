// One load_guest call in progress, and the protocols it chooses from. Internal to vmm/boot/x86_64.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "vmm/boot/boot_layout.h"
#include "vmm/boot/byte_source.h"
#include "vmm/boot/x86_64/boot_request.h"
#include "vmm/boot/x86_64/boot_state.h"

namespace skiff {

// The last byte that 32-bit code can name.
inline constexpr std::uint64_t kLast32 = 0xffff'ffff;

struct BootJob {
  const BootRequest& request;
  ByteSource& kernel;
  ByteSource* initrd;  // null: none
  BootLayout layout;

  // Puts the command line, ended by a NUL, into RAM below 4 GiB; returns its address.
  std::uint64_t place_cmdline(const std::string& cmdline, std::uint64_t limit);
  // Somewhere in RAM below 4 GiB, in low memory if it has room; returns cleared bytes.
  Range place_table(std::string_view name, std::uint64_t size, std::uint64_t alignment);
};

// What `auto` makes of the kernel; throws ConfigError telling what was looked for.
BootRequest::Protocol detect_protocol(BootJob& job);

BootState boot_linux64(BootJob& job);
BootState boot_linux_direct(BootJob& job);
BootState boot_pvh(BootJob& job);
BootState boot_multiboot(BootJob& job);
BootState boot_flat(BootJob& job);

}  // namespace skiff
