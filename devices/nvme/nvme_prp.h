// Where the data of a command lies: its PRP entries, walked and checked. Pure: reads each entry of
// a list once, and no more entries than the transfer has pages, so a list cannot loop.
//
// Thread rule: none; values.
// Source: NVM Express 1.4, 4.3.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <vector>

#include "devices/nvme/nvme_regs.h"
#include "vmm/io/guest_memory.h"

namespace skiff {

// The `length` bytes (1 to nvme::kMaxTransfer) that two PRP entries name, as host buffers: `out` is
// replaced, keeps its storage, and is empty for any status but success.
nvme::Status map_prps(const GuestMemory& memory, std::uint64_t prp1, std::uint64_t prp2,
                      std::uint64_t length, std::vector<iovec>& out);

// Copies between a buffer and what was mapped, as far as both reach.
void copy_to(std::span<const iovec> to, std::span<const std::byte> from);
void copy_from(std::span<const iovec> from, std::span<std::byte> to);

}  // namespace skiff
