// What a driver asks of the namespace: one NVM command, checked. Pure: beside the command, which
// the caller has copied, only PRP lists and DSM ranges are read, each once.
//
// Thread rule: none; values.
// Source: NVM Express 1.4, 6.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <vector>

#include "devices/nvme/nvme_regs.h"
#include "vmm/disk/disk_backend.h"
#include "vmm/io/guest_memory.h"

namespace skiff {

struct NvmeLimits {
  std::uint64_t capacity = 0;      // [bytes]
  std::uint32_t block_size = 512;  // [bytes], power of two
  bool read_only = false;
  bool can_discard = false;
  bool can_write_zeroes = false;
};

// Used again and again: its storage is kept.
struct NvmeRequest {
  struct Piece {
    std::uint64_t offset = 0;  // [bytes]
    std::uint64_t length = 0;  // [bytes], not 0
  };

  // What the disk is asked for; nothing of it for a status other than success.
  DiskOperation operation = DiskOperation::flush;
  bool force_unit_access = false;
  bool may_unmap = false;
  Piece range;                // read, write, write_zeroes
  std::vector<iovec> data;    // read, write
  std::vector<Piece> pieces;  // discard; perhaps none

  nvme::Status parse(const nvme::Command& command, const GuestMemory& memory,
                     const NvmeLimits& limits);

 private:
  nvme::Status parse_range(const nvme::Command& command, const NvmeLimits& limits);
  nvme::Status parse_dsm(const nvme::Command& command, const GuestMemory& memory,
                         const NvmeLimits& limits);
};

}  // namespace skiff
