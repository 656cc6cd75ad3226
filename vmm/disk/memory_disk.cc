#include "vmm/disk/memory_disk.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <utility>

#include "vmm/base/bits.h"
#include "vmm/base/bytes.h"
#include "vmm/base/error.h"
#include "vmm/disk/instant_queue.h"

namespace skiff {
namespace {

std::byte* map_bytes(std::uint64_t size, bool prefault) {
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw HostError::from_errno("The disk in memory cannot be made", errno);
  // One page fault for 2 MiB instead of 512. A host that has no such pages refuses: nothing is
  // lost.
  ::madvise(memory, size, MADV_HUGEPAGE);
  // Needs Linux 5.14; an older one leaves the faults to the first requests.
  if (prefault) ::madvise(memory, size, MADV_POPULATE_WRITE);
  return static_cast<std::byte*>(memory);
}

// Whole pages go back to the host; what is left at the ends is overwritten.
void give_back(std::span<std::byte> range) {
  const auto start = reinterpret_cast<std::uintptr_t>(range.data());
  const std::size_t head = (kPageSize - start % kPageSize) % kPageSize;
  if (range.size() < head + kPageSize) {
    std::memset(range.data(), 0, range.size());
    return;
  }
  const std::size_t middle = align_down(range.size() - head, std::size_t{kPageSize});
  std::memset(range.data(), 0, head);
  ::madvise(range.data() + head, middle, MADV_DONTNEED);
  const auto tail = range.subspan(head + middle);
  std::memset(tail.data(), 0, tail.size());
}

}  // namespace

MemoryDisk::MemoryDisk(std::uint64_t size, DiskInfo info, bool prefault)
    : info_(std::move(info)), size_(size), memory_(map_bytes(size, prefault)), capacity_(size) {}

MemoryDisk::~MemoryDisk() {
  ::munmap(memory_, size_);
}

int MemoryDisk::execute(const DiskRequest& request) noexcept {
  if (request.operation == DiskOperation::flush) return 0;
  const auto range = subspan(bytes(), request.offset, request.length);
  if (!range) return EIO;
  std::byte* at = range->data();
  switch (request.operation) {
    case DiskOperation::read:
      for (const iovec& buffer : request.buffers) {
        std::memcpy(buffer.iov_base, at, buffer.iov_len);
        at += buffer.iov_len;
      }
      return 0;
    case DiskOperation::write:
      for (const iovec& buffer : request.buffers) {
        std::memcpy(at, buffer.iov_base, buffer.iov_len);
        at += buffer.iov_len;
      }
      return 0;
    case DiskOperation::write_zeroes:
      if (!request.may_unmap) {
        std::memset(at, 0, range->size());
        return 0;
      }
      [[fallthrough]];
    default:
      give_back(*range);
      return 0;
  }
}

std::unique_ptr<DiskQueue> MemoryDisk::create_queue(Executor& executor, DiskQueueClient& client,
                                                    std::uint32_t /*depth*/) {
  return std::make_unique<InstantQueue>(
      executor, client, "memory", [this](const DiskRequest& request) { return execute(request); });
}

NullDisk::NullDisk(std::uint64_t size, DiskInfo info) : info_(std::move(info)), size_(size) {}

std::unique_ptr<DiskQueue> NullDisk::create_queue(Executor& executor, DiskQueueClient& client,
                                                  std::uint32_t /*depth*/) {
  return std::make_unique<InstantQueue>(executor, client, "null", [](const DiskRequest& request) {
    // What a guest reads is its own memory's earlier contents otherwise, which no disk has.
    if (request.operation == DiskOperation::read) {
      for (const iovec& buffer : request.buffers)
        std::memset(buffer.iov_base, 0, buffer.iov_len);
    }
    return 0;
  });
}

}  // namespace skiff
