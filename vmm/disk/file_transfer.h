// From a disk request to the host's calls on a file, one after another: more buffers than one call
// takes, short transfers, misaligned buffers under O_DIRECT, file systems that cannot punch holes,
// devices that discard but do not zero,
// a flush behind a write that must be durable. Knows no engine: it says the next call and is told
// the result.
//
//   start -> prepare -> call -> (the engine makes it) -> finish -> complete
//               ^                                           |
//               +------------------- not yet ---------------+
//
// Thread rule: one thread; `call` also from a thread that was handed the prepared request.
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <cstdint>
#include <span>
#include <string>

#include "vmm/disk/bounce_pool.h"
#include "vmm/disk/disk_backend.h"

namespace skiff {

// An open file, as far as its calls need to know it. Shared by the queues of a disk.
struct DiskFile {
  int fd = -1;
  std::string name;
  bool is_block_device = false;
  bool direct = false;                   // O_DIRECT
  std::uint32_t memory_alignment = 1;    // of buffers, with O_DIRECT [bytes]
  std::uint32_t transfer_alignment = 1;  // of offsets and lengths, with O_DIRECT [bytes]
  // Learned from the first refusal (EOPNOTSUPP).
  std::atomic<bool> can_punch{true};
  std::atomic<bool> can_zero_range{true};
};

struct HostCall {
  enum class Kind : std::uint8_t {
    readv,
    writev,
    fdatasync,
    fallocate,
    discard,  // BLKDISCARD of a block device: an ioctl, which io_uring does not have
  };

  Kind kind;
  bool durable = false;  // writev: RWF_DSYNC
  int mode = 0;          // fallocate
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  // fallocate, discard
  std::span<const iovec> buffers;
};

class FileTransfer {
 public:
  enum class Prepared : std::uint8_t {
    ready,     // make the call
    wait,      // no bounce buffer is free: prepare again when a request is complete
    complete,  // nothing to do, or failed
  };

  explicit FileTransfer(DiskFile& file) : file_(file) {}

  void start(DiskRequest& request);
  Prepared prepare(DiskRequest& request);
  HostCall call(const DiskRequest& request) const;
  // `result`: as the kernel gives it, -errno or a count. True: the request is complete, its error
  // set.
  [[nodiscard]] bool finish(DiskRequest& request, std::int64_t result);

 private:
  bool refuse(DiskRequest& request, int error);
  bool transferred(DiskRequest& request, std::uint64_t count);
  bool end(DiskRequest& request, int error);
  void start_zeroes(DiskRequest& request) const;
  bool discards_only() const;
  bool is_misaligned(const DiskRequest& request) const;

  DiskFile& file_;
  BouncePool bounce_;
};

}  // namespace skiff
