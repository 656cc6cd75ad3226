// The PVH entry: finding its note.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "vmm/boot/elf.h"

namespace skiff {

// The physical entry point of a XEN_ELFNOTE_PHYS32_ENTRY note (4 or 8 bytes), if there is one.
// Throws ConfigError for one of another size.
std::optional<std::uint64_t> pvh_entry(const std::vector<ElfNote>& notes, const ByteSource& image);

}  // namespace skiff
