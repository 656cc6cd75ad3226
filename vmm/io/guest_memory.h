// Guest RAM: the one place where a guest address becomes a host pointer.
//
// RAM is a few regions (below and above the 32-bit hole of the memory map). A lookup succeeds only
// if the whole range [address, address + length) lies in ONE region; everything else is an empty
// answer, never an abort. The guest runs at the same time, so bytes behind a span may change
// between two reads: copy what you validate (read, load), then use the copy.
//
// Thread rule: built by one thread, then immutable; every const method may be called from any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "vmm/base/fd.h"
#include "vmm/base/range.h"
#include "vmm/io/guest_address.h"

namespace skiff {

enum class HugePages {
  off,          // MADV_NOHUGEPAGE: the smallest footprint
  transparent,  // MADV_HUGEPAGE: 2 MiB pages where the kernel finds them
  hugetlb_2m,   // MAP_HUGETLB pages of 2 MiB; fails when the host has none reserved
};

struct GuestMemoryOptions {
  HugePages huge_pages = HugePages::transparent;
  // Back RAM by a memfd, so that another process (a vhost-user back-end) can map it.
  bool shared = false;
};

class GuestMemory {
 public:
  struct Region {
    Range range;              // guest-physical
    std::byte* host;          // start of the mapping in this process
    int fd;                   // memfd behind it, -1 for private memory
    std::uint64_t fd_offset;  // of range.start within fd
  };

  // Maps zero-filled memory for each range: sorted, page-aligned, not overlapping. Unreserved (more
  // than the host has is allowed), but for hugetlb pages. Throws HostError where the host refuses.
  GuestMemory(std::span<const Range> ranges, const GuestMemoryOptions& options);
  ~GuestMemory();
  GuestMemory(const GuestMemory&) = delete;
  GuestMemory& operator=(const GuestMemory&) = delete;

  std::span<const Region> regions() const { return regions_; }
  // Sum of all regions. [bytes]
  std::uint64_t size() const;

  // The host bytes of [address, address + length), if all of it is RAM of one region.
  // A length of zero is an empty span for any address. Inline: once per descriptor of a virtqueue.
  std::optional<std::span<std::byte>> slice(GuestAddress address, std::uint64_t length) const;

  // Copy between RAM and a buffer; false, and nothing copied, if any byte is not RAM.
  bool read(GuestAddress address, std::span<std::byte> out) const;
  bool write(GuestAddress address, std::span<const std::byte> data) const;
  bool fill(GuestAddress address, std::uint64_t length, std::byte value) const;

  template <typename T>
    requires std::is_trivially_copyable_v<T>
  std::optional<T> load(GuestAddress address) const {
    T value;
    if (!read(address, std::as_writable_bytes(std::span(&value, 1)))) return std::nullopt;
    return value;
  }
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  bool store(GuestAddress address, const T& value) const {
    return write(address, std::as_bytes(std::span(&value, 1)));
  }

 private:
  struct Mapping;

  std::vector<std::unique_ptr<Mapping>> mappings_;
  std::vector<Region> regions_;
};

inline std::optional<std::span<std::byte>> GuestMemory::slice(GuestAddress address,
                                                              std::uint64_t length) const {
  if (length == 0) return std::span<std::byte>();
  for (const Region& region : regions_) {
    const std::uint64_t offset = address.value - region.range.start;  // wraps below the region
    if (offset >= region.range.size) continue;
    if (length > region.range.size - offset) return std::nullopt;
    return std::span(region.host + offset, static_cast<std::size_t>(length));
  }
  return std::nullopt;
}

}  // namespace skiff
