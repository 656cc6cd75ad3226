#include "vmm/control/run_directory/run_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

namespace skiff::run_files {
namespace {

constexpr std::size_t kMostRead = 64 * 1024;

struct flock whole_file(short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

Fd open_directory(int base, const std::string& name) {
  return Fd(::openat(base, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool try_lock(int lock_file) {
  struct flock lock = whole_file(F_WRLCK);
  return ::fcntl(lock_file, F_OFD_SETLK, &lock) == 0;
}

bool is_locked(int lock_file) {
  struct flock lock = whole_file(F_WRLCK);
  return ::fcntl(lock_file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool is_still(int fd, int directory, const char* name) {
  struct stat mine{};
  struct stat there{};
  return ::fstat(fd, &mine) == 0 && ::fstatat(directory, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
         mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

std::optional<std::string> read(int directory, const char* name) {
  const Fd file(::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  std::string text(std::min<std::size_t>(static_cast<std::size_t>(status.st_size), kMostRead), 0);
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

bool write(int directory, const char* name, std::string_view text) {
  // Beside it, then in its place: whoever reads `name` finds it whole.
  const std::string beside = fmt::format(".{}.new", name);
  const Fd file(::openat(directory, beside.c_str(),
                         O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return false;
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::renameat(directory, beside.c_str(), directory, name) == 0;
}

void wipe(int directory) {
  // A description of its own: reading a directory moves its offset.
  const int own = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return;
  DIR* const listing = ::fdopendir(own);
  if (listing == nullptr) {
    ::close(own);
    return;
  }
  std::vector<std::string> names;
  while (const dirent* const entry = ::readdir(listing)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && name != kLock) names.emplace_back(name);
  }
  ::closedir(listing);
  for (const std::string& name : names)
    ::unlinkat(directory, name.c_str(), 0);
}

sockaddr_un socket_address(int directory, const std::string& path, const char* name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string full = fmt::format("{}/{}", path, name);
  if (full.size() >= sizeof address.sun_path) {
    full = fmt::format("/proc/self/fd/{}/{}", directory, name);
  }
  full.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

}  // namespace skiff::run_files
