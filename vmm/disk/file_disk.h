// A raw file or a block device as a disk.
//
// A flush is acknowledged when fdatasync has returned. A discard punches a hole
// (FALLOC_FL_PUNCH_HOLE; a block device that cannot unmap to zeroes gets BLKDISCARD); zeroes are
// FALLOC_FL_ZERO_RANGE, a hole where the guest allows it, or written where the file system has
// neither. Neighbouring requests of a batch go to the host as one (MergingQueue). What lies beyond
// the last whole block of the file is not part of the disk.
//
// Thread rule: as DiskBackend.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "vmm/base/fd.h"
#include "vmm/disk/disk_backend.h"
#include "vmm/disk/disk_options.h"
#include "vmm/disk/file_transfer.h"

namespace skiff {

class FileDisk final : public DiskBackend {
 public:
  // Throws as open_disk.
  explicit FileDisk(const DiskOptions& options);
  ~FileDisk() override;
  FileDisk(const FileDisk&) = delete;
  FileDisk& operator=(const FileDisk&) = delete;

  const DiskInfo& info() const noexcept override { return info_; }
  std::uint64_t capacity() const noexcept override { return capacity_.load(); }
  std::uint64_t refresh_capacity() noexcept override;
  std::unique_ptr<DiskQueue> create_queue(Executor& executor, DiskQueueClient& client,
                                          std::uint32_t depth) override;

 private:
  std::unique_ptr<DiskQueue> create_file_queue(Executor& executor, DiskQueueClient& client,
                                               std::uint32_t depth);
  void open(const DiskOptions& options);
  void find_direct_alignment();
  void find_block_sizes(const DiskOptions& options);
  std::uint64_t host_size() const noexcept;

  const DiskEngine engine_;
  const bool is_locked_;
  Fd fd_;
  DiskInfo info_;
  DiskFile file_;
  std::atomic<std::uint64_t> capacity_{0};
};

}  // namespace skiff
