// The initial RAM disk: read once, straight into guest RAM.
#pragma once

#include <cstdint>

#include "vmm/boot/boot_layout.h"
#include "vmm/boot/byte_source.h"

namespace skiff {

// Page-aligned and as high as possible, with its last byte at or below `max_last`: the kernel's own
// growth starts low. Throws ConfigError with the sizes where it does not fit.
Range load_initrd(ByteSource& initrd, BootLayout& layout, std::uint64_t max_last);

}  // namespace skiff
