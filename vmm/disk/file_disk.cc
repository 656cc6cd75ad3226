#include "vmm/disk/file_disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"
#include "vmm/base/log.h"
#include "vmm/disk/disk_lock.h"
#include "vmm/disk/merging_queue.h"
#include "vmm/disk/thread_queue.h"
#include "vmm/disk/uring_queue.h"

namespace skiff {
namespace {

constexpr std::uint32_t kSectorSize = 512;
[[noreturn]] void refuse(const DiskOptions& options, int error) {
  const std::string why = std::generic_category().message(error);
  const std::string text = fmt::format("disk {}: {}", options.path, why);
  if (error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG || error == ELOOP) {
    throw ConfigError(text);
  }
  if (!options.read_only && (error == EACCES || error == EPERM || error == EROFS)) {
    throw HostError(text + "; read_only = true needs less");
  }
  throw HostError(text);
}

}  // namespace

FileDisk::FileDisk(const DiskOptions& options) : engine_(options.engine), is_locked_(options.lock) {
  open(options);
  if (is_locked_) {
    const auto locked = lock_disk_file(fd_.get(), !options.read_only);
    if (!locked) {
      throw HostError(fmt::format("disk {} {}; lock = false would risk its contents", options.path,
                                  locked.error()));
    }
  }
  file_.fd = fd_.get();
  file_.name = options.path;
  file_.direct = options.direct;
  info_.name = options.path;
  info_.read_only = options.read_only;
  info_.can_discard = options.discard && !options.read_only;
  info_.can_write_zeroes = !options.read_only;
  if (options.direct) find_direct_alignment();
  find_block_sizes(options);
  if (refresh_capacity() == 0) {
    throw ConfigError(fmt::format("disk {}: is empty ({} bytes; a block is {})", options.path,
                                  host_size(), info_.block_size));
  }
  if (const std::uint64_t rest = host_size() - capacity(); rest != 0) {
    log_warning("disk {}: its last {} bytes are no whole block, the guest does not see them",
                options.path, rest);
  }
  if (engine_ == DiskEngine::io_uring) {
    if (const int error = UringQueue::probe(); error != 0) {
      throw HostError::from_errno(
          fmt::format("disk {}: io_uring, which engine demands, is not to be had", options.path),
          error);
    }
  }
}

FileDisk::~FileDisk() {
  if (is_locked_ && fd_) unlock_disk_file(fd_.get());
}

void FileDisk::open(const DiskOptions& options) {
  const int flags = (options.read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY;
  // Not blocking: a FIFO's path would wait for its other end.
  fd_ = Fd(::open(options.path.c_str(), flags | O_NONBLOCK | (options.direct ? O_DIRECT : 0)));
  if (!fd_ && errno == EINVAL && options.direct) {
    throw HostError(
        fmt::format("disk {}: its file system has no O_DIRECT (direct = true)", options.path));
  }
  struct stat status{};
  if (!fd_ || ::fstat(fd_.get(), &status) != 0) {
    if (errno != EISDIR) refuse(options, errno);
    status.st_mode = S_IFDIR;
  }
  file_.is_block_device = S_ISBLK(status.st_mode);
  if (!file_.is_block_device && !S_ISREG(status.st_mode)) {
    throw ConfigError(fmt::format("disk {}: is neither a file nor a block device", options.path));
  }
  // Requests may wait in the kernel: io_uring takes the flag at its word.
  ::fcntl(fd_.get(), F_SETFL, ::fcntl(fd_.get(), F_GETFL) & ~O_NONBLOCK);
}

void FileDisk::find_direct_alignment() {
  // Guesses that hold nearly everywhere, for hosts before Linux 6.1.
  file_.memory_alignment = kPageSize;
  file_.transfer_alignment = kSectorSize;
  int sector = 0;
  if (file_.is_block_device && ::ioctl(fd_.get(), BLKSSZGET, &sector) == 0 && sector > 0) {
    file_.transfer_alignment = static_cast<std::uint32_t>(sector);
  }
#ifdef STATX_DIOALIGN
  struct statx facts{};
  if (::statx(fd_.get(), "", AT_EMPTY_PATH, STATX_DIOALIGN, &facts) == 0 &&
      (facts.stx_mask & STATX_DIOALIGN) != 0) {
    if (facts.stx_dio_offset_align == 0) {
      throw HostError(fmt::format("disk {}: its file system has no O_DIRECT for it (direct = true)",
                                  file_.name));
    }
    file_.memory_alignment = facts.stx_dio_mem_align;
    file_.transfer_alignment = facts.stx_dio_offset_align;
  }
#endif
}

void FileDisk::find_block_sizes(const DiskOptions& options) {
  const std::uint32_t least = std::max(kSectorSize, file_.transfer_alignment);
  info_.block_size = options.block_size != 0 ? options.block_size : least;
  if (!is_disk_block_size(info_.block_size)) {
    throw ConfigError(fmt::format("disk {}: block_size {} is no power of two from 512 to 65536",
                                  options.path, info_.block_size));
  }
  if (info_.block_size < least) {
    throw ConfigError(
        fmt::format("disk {}: block_size {} is less than the {} bytes that O_DIRECT "
                    "of this file needs (direct = true)",
                    options.path, info_.block_size, least));
  }
  unsigned physical = kPageSize;  // the page cache's and nearly every file system's unit
  if (file_.is_block_device && ::ioctl(fd_.get(), BLKPBSZGET, &physical) != 0) physical = kPageSize;
  if (!is_disk_block_size(physical)) physical = kPageSize;
  info_.physical_block_size = std::max(info_.block_size, physical);
  info_.discard_alignment = info_.physical_block_size;
}

std::uint64_t FileDisk::host_size() const noexcept {
  std::uint64_t size = 0;
  if (file_.is_block_device) return ::ioctl(fd_.get(), BLKGETSIZE64, &size) == 0 ? size : 0;
  struct stat status{};
  return ::fstat(fd_.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::uint64_t FileDisk::refresh_capacity() noexcept {
  const std::uint64_t capacity = align_down(host_size(), std::uint64_t{info_.block_size});
  capacity_.store(capacity);
  return capacity;
}

std::unique_ptr<DiskQueue> FileDisk::create_queue(Executor& executor, DiskQueueClient& client,
                                                  std::uint32_t depth) {
  if (depth < 2) return create_file_queue(executor, client, depth);
  return MergingQueue::create(client, [&](DiskQueueClient& merging) {
    return create_file_queue(executor, merging, depth);
  });
}

std::unique_ptr<DiskQueue> FileDisk::create_file_queue(Executor& executor, DiskQueueClient& client,
                                                       std::uint32_t depth) {
  if (engine_ != DiskEngine::threads) {
    if (auto queue = UringQueue::create(file_, executor, client, depth)) return queue;
    if (engine_ == DiskEngine::io_uring) return nullptr;
    log_info("disk {}: no io_uring on this host, threads do its work", info_.name);
  }
  return ThreadQueue::create(file_, executor, client);
}

}  // namespace skiff
