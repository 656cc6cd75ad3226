#include "vmm/io/guest_memory.h"

#include <fmt/format.h>
#include <linux/memfd.h>
#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

constexpr std::uint64_t kHugePage = 2 * MiB;

std::string advice_for(HugePages huge_pages, int error) {
  if (huge_pages == HugePages::hugetlb_2m && (error == ENOMEM || error == EINVAL)) {
    return " (machine.hugepages = \"2M\" needs reserved huge pages: see /proc/sys/vm/nr_hugepages)";
  }
  if (error == ENOMEM) return " (the process limit on memory is `ulimit -v`)";
  return "";
}

Fd create_memfd(std::uint64_t size, HugePages huge_pages) {
  const unsigned flags =
      MFD_CLOEXEC | (huge_pages == HugePages::hugetlb_2m ? MFD_HUGETLB | MFD_HUGE_2MB : 0U);
  Fd fd(::memfd_create("skiff-ram", flags));
  if (!fd) throw HostError::from_errno("cannot create a memfd for guest RAM", errno);
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
    throw HostError::from_errno(fmt::format("cannot size guest RAM to {} MiB", size / MiB), errno);
  }
  return fd;
}

}  // namespace

// One mmap, with room in front so that the region starts at a 2 MiB boundary of the host too: only
// then can the host and the second-level page tables map it with huge pages.
struct GuestMemory::Mapping {
  Mapping(const Range& range, const GuestMemoryOptions& options) {
    const bool hugetlb = options.huge_pages == HugePages::hugetlb_2m;
    const std::uint64_t size = hugetlb ? align_up(range.size, kHugePage) : range.size;
    length = size + kHugePage;
    void* const reserved =
        ::mmap(nullptr, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED) fail(range, options, errno);
    base = static_cast<std::byte*>(reserved);
    const auto aligned = align_up(reinterpret_cast<std::uint64_t>(base), kHugePage);
    start = reinterpret_cast<std::byte*>(aligned);

    // Not for hugetlb: unreserved, its mmap succeeds on a host without a single huge page, and the
    // first touch is a SIGBUS.
    int flags = MAP_FIXED | (hugetlb ? 0 : MAP_NORESERVE);
    if (options.shared) {
      try {
        fd = create_memfd(size, options.huge_pages);
      } catch (...) {
        ::munmap(base, length);
        throw;
      }
      flags |= MAP_SHARED;
    } else {
      flags |= MAP_PRIVATE | MAP_ANONYMOUS;
      if (hugetlb) flags |= MAP_HUGETLB | (21 << MAP_HUGE_SHIFT);
    }
    if (::mmap(start, size, PROT_READ | PROT_WRITE, flags, fd.get(), 0) == MAP_FAILED) {
      const int error = errno;
      ::munmap(base, length);
      fail(range, options, error);
    }
    // Advice only: a kernel without transparent huge pages refuses it, and nothing is lost.
    if (options.huge_pages == HugePages::transparent) {
      // Not the first 2 MiB of the address space: firmware tables, page tables and small guests
      // live there, and one huge page would be cleared (0.2 ms) for a few kilobytes of them.
      const std::uint64_t skipped = range.start == 0 ? std::min(size, kHugePage) : 0;
      ::madvise(start + skipped, size - skipped, MADV_HUGEPAGE);
    }
    if (options.huge_pages == HugePages::off) ::madvise(start, size, MADV_NOHUGEPAGE);
    // Guest RAM in a core dump of Skiff would be gigabytes of somebody's data.
    ::madvise(start, size, MADV_DONTDUMP);
  }
  ~Mapping() { ::munmap(base, length); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  [[noreturn]] static void fail(const Range& range, const GuestMemoryOptions& options, int error) {
    throw HostError(fmt::format("cannot map {} MiB of guest RAM: {}{}", range.size / MiB,
                                std::strerror(error), advice_for(options.huge_pages, error)));
  }

  std::byte* base = nullptr;
  std::byte* start = nullptr;
  std::size_t length = 0;
  Fd fd;
};

GuestMemory::GuestMemory(std::span<const Range> ranges, const GuestMemoryOptions& options) {
  for (const Range& range : ranges) {
    assert(range.valid() && is_aligned(range.start, kPageSize) &&
           is_aligned(range.size, kPageSize));
    assert(regions_.empty() || regions_.back().range.last() < range.start);
    auto& mapping = *mappings_.emplace_back(std::make_unique<Mapping>(range, options));
    regions_.push_back({range, mapping.start, mapping.fd.get(), 0});
  }
}

GuestMemory::~GuestMemory() = default;

std::uint64_t GuestMemory::size() const {
  std::uint64_t sum = 0;
  for (const Region& region : regions_)
    sum += region.range.size;
  return sum;
}

bool GuestMemory::read(GuestAddress address, std::span<std::byte> out) const {
  const auto bytes = slice(address, out.size());
  if (!bytes) return false;
  std::ranges::copy(*bytes, out.begin());
  return true;
}

bool GuestMemory::write(GuestAddress address, std::span<const std::byte> data) const {
  const auto bytes = slice(address, data.size());
  if (!bytes) return false;
  std::ranges::copy(data, bytes->begin());
  return true;
}

bool GuestMemory::fill(GuestAddress address, std::uint64_t length, std::byte value) const {
  const auto bytes = slice(address, length);
  if (!bytes) return false;
  std::ranges::fill(*bytes, value);
  return true;
}

}  // namespace skiff
