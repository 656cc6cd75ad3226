#include "vmm/base/whole_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "vmm/base/fd.h"

namespace skiff {
namespace {

std::unexpected<std::string> whole_file_error(const char* what) {
  return std::unexpected(fmt::format("{}: {}", what, std::strerror(errno)));
}

bool write_to_end(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

std::expected<void, std::string> write_whole_file(const std::string& path,
                                                  std::span<const std::byte> bytes) {
  struct stat status{};
  const bool is_special = ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  if (is_special) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd) return whole_file_error("open");
    if (!write_to_end(fd.get(), bytes)) return whole_file_error("write");
    return {};
  }
  const std::string beside = fmt::format("{}.new-{}", path, ::getpid());
  const Fd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!fd) return whole_file_error("create");
  if (write_to_end(fd.get(), bytes) && ::rename(beside.c_str(), path.c_str()) == 0) return {};
  auto error = whole_file_error("write");
  ::unlink(beside.c_str());
  return error;
}

}  // namespace skiff
