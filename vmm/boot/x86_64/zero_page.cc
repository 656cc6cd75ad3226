#include "vmm/boot/x86_64/zero_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

constexpr std::uint8_t kUndefinedLoader = 0xff;  // boot.rst, "type_of_loader"

std::uint32_t low_half(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}
std::uint32_t high_half(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32);
}

}  // namespace

setup_header made_up_header() {
  setup_header header{};
  header.boot_flag = 0xaa55;
  header.header = 0x5372'6448;
  header.version = 0x020f;
  header.loadflags = LOADED_HIGH;
  header.xloadflags = XLF_KERNEL_64;
  header.kernel_alignment = 2 * MiB;
  header.initrd_addr_max = 0x7fff'ffff;
  header.cmdline_size = 2047;  // COMMAND_LINE_SIZE - 1
  return header;
}

std::uint64_t place_zero_page(BootJob& job, const ZeroPage& content) {
  // boot_params is packed: only whole members are assigned, none is bound to a reference.
  boot_params params{};
  params.hdr = content.header;
  params.hdr.type_of_loader = kUndefinedLoader;
  // No heap: a 64-bit entry never runs the real-mode code that would use it.
  params.hdr.loadflags = static_cast<std::uint8_t>(params.hdr.loadflags & ~CAN_USE_HEAP);
  params.hdr.setup_data = 0;
  params.hdr.cmd_line_ptr = low_half(content.cmdline);
  params.ext_cmd_line_ptr = high_half(content.cmdline);
  params.hdr.cmdline_size = content.cmdline_size;
  if (!content.initrd.empty()) {
    params.hdr.ramdisk_image = low_half(content.initrd.start);
    params.ext_ramdisk_image = high_half(content.initrd.start);
    params.hdr.ramdisk_size = low_half(content.initrd.size);
    params.ext_ramdisk_size = high_half(content.initrd.size);
  } else {
    params.hdr.ramdisk_image = 0;
    params.hdr.ramdisk_size = 0;
  }
  params.acpi_rsdp_addr = job.request.rsdp;
  const auto& map = job.request.memory_map;
  if (map.size() > E820_MAX_ENTRIES_ZEROPAGE) {
    throw ConfigError(fmt::format("the memory map has {} entries, Linux takes {}", map.size(),
                                  E820_MAX_ENTRIES_ZEROPAGE));
  }
  params.e820_entries = static_cast<std::uint8_t>(map.size());
  for (std::size_t i = 0; i < map.size(); ++i) {
    params.e820_table[i] = {map[i].range.start, map[i].range.size,
                            static_cast<std::uint32_t>(map[i].type)};
  }
  static_assert(sizeof(params) == kPageSize);
  const Range place = job.place_table("boot_params", sizeof(params), kPageSize);
  std::memcpy(job.layout.bytes(place).data(), &params, sizeof(params));
  return place.start;
}

}  // namespace skiff
