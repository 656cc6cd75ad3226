#include "vmm/disk/disk_lock.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <fstream>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

namespace skiff {
namespace {

// The whole file, whatever its length becomes.
struct flock whole_file(short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::vector<std::string> numbers_in(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (open == nullptr) return names;
  while (const dirent* const entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c) != 0; })) {
      names.emplace_back(name);
    }
  }
  return names;
}

// proc(5): an open file whose description has locks lists them in its fdinfo.
bool holds_a_lock(const std::string& fdinfo) {
  std::ifstream file(fdinfo);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("lock:")) return true;
  }
  return false;
}

// The kernel does not say who holds such a lock; the processes that we may look into do.
std::optional<std::string> holder(int fd) {
  struct stat wanted{};
  if (::fstat(fd, &wanted) != 0) return std::nullopt;
  for (const std::string& pid : numbers_in("/proc")) {
    const std::string process = "/proc/" + pid;
    for (const std::string& other : numbers_in(process + "/fd")) {
      const std::string open = fmt::format("{}/fd/{}", process, other);
      struct stat found{};
      if (::stat(open.c_str(), &found) != 0) continue;
      if (found.st_ino != wanted.st_ino || found.st_dev != wanted.st_dev) continue;
      if (!holds_a_lock(fmt::format("{}/fdinfo/{}", process, other))) continue;
      if (pid == std::to_string(::getpid())) return "this virtual machine, which uses it twice";
      return fmt::format("process {} ({})", pid, first_line(process + "/comm"));
    }
  }
  return std::nullopt;
}

}  // namespace

std::expected<void, std::string> lock_disk_file(int fd, bool exclusive) {
  struct flock lock = whole_file(exclusive ? F_WRLCK : F_RDLCK);
  if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return {};
  const int error = errno;
  if (error == ENOLCK || error == EOPNOTSUPP || error == EINVAL) return {};
  if (error != EAGAIN && error != EACCES) {
    return std::unexpected("cannot be locked: " + std::generic_category().message(error));
  }
  return std::unexpected(
      fmt::format("is in use by {}", holder(fd).value_or("a process of another user")));
}

void unlock_disk_file(int fd) noexcept {
  struct flock lock = whole_file(F_UNLCK);
  ::fcntl(fd, F_OFD_SETLK, &lock);
}

}  // namespace skiff
