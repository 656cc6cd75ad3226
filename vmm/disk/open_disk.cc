#include <fmt/format.h>

#include <utility>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"
#include "vmm/disk/disk_options.h"
#include "vmm/disk/file_disk.h"
#include "vmm/disk/memory_disk.h"

namespace skiff {
namespace {

DiskInfo info_of(const DiskOptions& options, const char* name) {
  DiskInfo info;
  info.name = name;
  if (options.block_size != 0) info.block_size = options.block_size;
  if (!is_disk_block_size(info.block_size)) {
    throw ConfigError(fmt::format("disk {}: block_size {} is no power of two from 512 to 65536",
                                  name, info.block_size));
  }
  info.physical_block_size = info.block_size;
  info.read_only = options.read_only;
  info.can_discard = options.discard && !options.read_only;
  info.can_write_zeroes = !options.read_only;
  if (options.size < info.block_size) {
    throw ConfigError(fmt::format("disk {}: its size is {} bytes, less than a block of {}", name,
                                  options.size, info.block_size));
  }
  return info;
}

}  // namespace

std::unique_ptr<DiskBackend> open_disk(const DiskOptions& options) {
  if (options.kind == DiskKind::file) return std::make_unique<FileDisk>(options);
  const bool keeps = options.kind == DiskKind::memory;
  DiskInfo info = info_of(options, keeps ? "memory" : "null");
  const std::uint64_t size = align_down(options.size, std::uint64_t{info.block_size});
  if (keeps) return std::make_unique<MemoryDisk>(size, std::move(info), options.prefault);
  return std::make_unique<NullDisk>(size, std::move(info));
}

}  // namespace skiff
