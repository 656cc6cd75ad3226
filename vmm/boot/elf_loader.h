// Puts the segments of an ELF executable where they belong in guest RAM.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "vmm/boot/boot_layout.h"
#include "vmm/boot/byte_source.h"
#include "vmm/boot/elf.h"

namespace skiff {

// Claims every segment at its physical address, then reads the file parts straight into guest RAM
// in ascending file offset (which is what lets `image` be a decompressor's output) and clears the
// rest; `memory_is_zero`: RAM was never written, so clearing would only touch pages.
// Throws ConfigError where a segment is not RAM or overlaps something; nothing is read then.
void load_elf(ByteSource& image, const ElfFile& elf, BootLayout& layout, std::string_view name,
              bool memory_is_zero);

// The physical address of an entry point: as it is if some segment holds it physically, else
// translated if some segment holds it virtually (as multiboot loaders do), else nothing.
std::optional<std::uint64_t> physical_entry(const ElfFile& elf, std::uint64_t entry);

}  // namespace skiff
