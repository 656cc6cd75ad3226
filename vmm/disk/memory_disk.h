// Disks without a host's file, for tests and for measuring: `memory` keeps what is written while
// the process lives, `null` forgets it and reads zeros. Thread rule: as DiskBackend; the bytes are
// shared by all queues, with no order between them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "vmm/disk/disk_backend.h"

namespace skiff {

class MemoryDisk final : public DiskBackend {
 public:
  // `size` is a multiple of info.block_size. Memory comes from the host when it is first written,
  // or with `prefault` all of it now.
  // Throws HostError where the host has no room for it.
  MemoryDisk(std::uint64_t size, DiskInfo info, bool prefault = false);
  ~MemoryDisk() override;
  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  const DiskInfo& info() const noexcept override { return info_; }
  std::uint64_t capacity() const noexcept override { return capacity_.load(); }
  std::uint64_t refresh_capacity() noexcept override { return capacity_.load(); }
  std::unique_ptr<DiskQueue> create_queue(Executor& executor, DiskQueueClient& client,
                                          std::uint32_t depth) override;

  // A disk that shrinks, or grows again up to its first size.
  void set_capacity(std::uint64_t bytes) { capacity_.store(bytes < size_ ? bytes : size_); }
  std::span<std::byte> bytes() { return {memory_, size_}; }
  // 0, or an errno value.
  int execute(const DiskRequest& request) noexcept;

 private:
  const DiskInfo info_;
  const std::uint64_t size_;
  std::byte* const memory_;
  std::atomic<std::uint64_t> capacity_;
};

class NullDisk final : public DiskBackend {
 public:
  NullDisk(std::uint64_t size, DiskInfo info);

  const DiskInfo& info() const noexcept override { return info_; }
  std::uint64_t capacity() const noexcept override { return size_; }
  std::uint64_t refresh_capacity() noexcept override { return size_; }
  std::unique_ptr<DiskQueue> create_queue(Executor& executor, DiskQueueClient& client,
                                          std::uint32_t depth) override;

 private:
  const DiskInfo info_;
  const std::uint64_t size_;
};

}  // namespace skiff
