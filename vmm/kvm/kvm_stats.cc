#include "vmm/kvm/kvm_stats.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_error.h"

namespace skiff {
namespace {

// Far more than any kernel has; so a strange one makes us read no gigabytes.
constexpr std::uint32_t kMostStats = 4096;
constexpr std::uint32_t kMostName = 1024;

bool read_whole(int fd, std::span<std::byte> to, std::uint64_t at) {
  return ::pread(fd, to.data(), to.size(), static_cast<off_t>(at)) ==
         static_cast<ssize_t>(to.size());
}

bool is_plain_count(const kvm_stats_desc& stat) {
  return (stat.flags & KVM_STATS_TYPE_MASK) == KVM_STATS_TYPE_CUMULATIVE && stat.size == 1 &&
         stat.offset % sizeof(std::uint64_t) == 0;
}

void add(std::vector<KvmCount>& counts, const std::string& name, std::uint64_t value) {
  const auto found = std::ranges::find(counts, name, &KvmCount::name);
  if (found == counts.end()) {
    counts.push_back({.name = name, .value = value});
  } else {
    found->value += value;
  }
}

}  // namespace

std::optional<KvmStats> KvmStats::open(int fd) {
  Fd stats_fd(kvm_ioctl(fd, KVM_GET_STATS_FD));
  if (!stats_fd) return std::nullopt;
  KvmStats stats(std::move(stats_fd));
  if (!stats.read_descriptors()) return std::nullopt;
  return stats;
}

bool KvmStats::read_descriptors() {
  kvm_stats_header header{};
  if (!read_whole(fd_.get(), std::as_writable_bytes(std::span(&header, 1)), 0)) return false;
  if (header.num_desc > kMostStats || header.name_size == 0 || header.name_size > kMostName) {
    return false;
  }
  const std::size_t step = sizeof(kvm_stats_desc) + header.name_size;
  std::vector<std::byte> table(step * header.num_desc);
  if (!read_whole(fd_.get(), table, header.desc_offset)) return false;
  values_at_ = header.data_offset;
  for (std::size_t at = 0; at < table.size(); at += step) {
    kvm_stats_desc stat{};
    std::memcpy(&stat, table.data() + at, sizeof stat);
    if (!is_plain_count(stat) || stat.offset / sizeof(std::uint64_t) > kMostStats * 64) continue;
    const auto* const name = reinterpret_cast<const char*>(table.data() + at + sizeof stat);
    places_.push_back(
        {.name = std::string(name, ::strnlen(name, header.name_size)), .offset = stat.offset});
    values_size_ = std::max(values_size_, stat.offset + sizeof(std::uint64_t));
  }
  return true;
}

void KvmStats::add_to(std::vector<KvmCount>& counts) const {
  std::vector<std::byte> values(values_size_);
  if (!read_whole(fd_.get(), values, values_at_)) return;
  for (const Place& place : places_) {
    std::uint64_t value = 0;
    std::memcpy(&value, values.data() + place.offset, sizeof value);
    add(counts, place.name, value);
  }
}

}  // namespace skiff
