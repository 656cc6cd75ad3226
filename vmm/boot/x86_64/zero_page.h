// Linux's boot_params, "the zero page" (Documentation/arch/x86/zero-page.rst).
#pragma once

#include <asm/bootparam.h>

#include <cstdint>

#include "vmm/boot/x86_64/boot_job.h"

namespace skiff {

struct ZeroPage {
  setup_header header{};      // from the bzImage, or as made_up_header() has it
  std::uint64_t cmdline = 0;  // guest address
  std::uint32_t cmdline_size = 0;
  Range initrd;  // empty: none
};

// For a vmlinux that comes without a setup header.
setup_header made_up_header();

// Fills in what a boot loader has to, puts the page into RAM below 4 GiB and returns its address.
// Throws ConfigError for more memory map entries than the page has room for.
std::uint64_t place_zero_page(BootJob& job, const ZeroPage& content);

}  // namespace skiff
