// From what the user asked for to a DiskBackend.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "vmm/disk/disk_backend.h"

namespace skiff {

enum class DiskKind : std::uint8_t {
  file,    // a raw file or a block device
  memory,  // bytes in this process, gone with it
  null,    // reads zeros, swallows writes: what a device costs without its disk
};

enum class DiskEngine : std::uint8_t {
  automatic,  // io_uring, threads where the host forbids it
  io_uring,
  threads,  // preadv, pwritev, fdatasync, fallocate on a few threads
};

struct DiskOptions {
  DiskKind kind = DiskKind::file;
  std::string path;        // file
  std::uint64_t size = 0;  // memory, null [bytes], rounded down to the block size
  bool read_only = false;
  bool direct = false;  // file: O_DIRECT
  bool lock = true;     // file: shared for readers, exclusive for a writer
  DiskEngine engine = DiskEngine::automatic;
  // 0: 512, or what O_DIRECT of the file needs. Else a power of two from 512 to 64 KiB. [bytes]
  std::uint32_t block_size = 0;
  bool prefault = false;  // memory: has all of it from the host at once
  bool discard = true;    // discards and zeroes give space back to the host
};

// Opens (never creates) and locks. Throws ConfigError for what the user wrote (no such file, a
// directory, an empty one, a block size too small for O_DIRECT), HostError for what the host
// refuses (permission, a lock that another process holds, io_uring where it is demanded).
std::unique_ptr<DiskBackend> open_disk(const DiskOptions& options);

}  // namespace skiff
