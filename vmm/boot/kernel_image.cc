#include "vmm/boot/kernel_image.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "vmm/base/bytes.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

std::string_view kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return "a directory";
    case S_IFIFO:
      return "a FIFO";
    case S_IFSOCK:
      return "a socket";
    case S_IFCHR:
      return "a character device";
    case S_IFBLK:
      return "a block device";
    default:
      return "not a regular file";
  }
}

// A relative path is told with the directory it was looked up in.
std::string looked_at(const std::string& path) {
  if (path.starts_with('/')) return "";
  char directory[4096];
  if (::getcwd(directory, sizeof(directory)) == nullptr) return "";
  return fmt::format(" (looked at {}/{})", directory, path);
}

}  // namespace

KernelImage KernelImage::open(const std::string& path, std::string_view role) {
  if (path.empty()) throw ConfigError(fmt::format("no {} is named: set boot.{}", role, role));
  std::string name = fmt::format("{} {}", role, path);
  if (path.find('\0') != std::string::npos) {
    throw ConfigError(fmt::format("the path of the {} holds a NUL character", role));
  }
  // O_NONBLOCK: opening a FIFO nobody writes to would otherwise wait for ever.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    const int error = errno;
    if (error == EMFILE || error == ENFILE || error == ENOMEM) {
      throw HostError::from_errno("cannot open " + name, error);
    }
    // ENXIO is what opening a socket gives.
    throw ConfigError(fmt::format(
        "cannot open {}: {}{}", name,
        error == ENXIO ? "it is a socket or a device without driver" : std::strerror(error),
        looked_at(path)));
  }
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) throw HostError::from_errno("cannot stat " + name, errno);
  if (!S_ISREG(status.st_mode)) {
    throw ConfigError(
        fmt::format("{} is {}; a regular file is needed", name, kind_of(status.st_mode)));
  }
  if (status.st_size <= 0) throw ConfigError(fmt::format("{} is empty", name));
  return KernelImage(std::move(fd), std::move(name), static_cast<std::uint64_t>(status.st_size));
}

void KernelImage::read(std::uint64_t offset, std::span<std::byte> out) {
  if (!fits(size_, offset, out.size())) {
    throw ConfigError(
        fmt::format("{} is cut short: {} bytes at offset {} are needed, it has {} bytes", name_,
                    out.size(), offset, size_));
  }
  while (!out.empty()) {
    const ssize_t got = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0) {
      if (errno == EINTR) continue;
      throw HostError::from_errno("cannot read " + name_, errno);
    }
    if (got == 0) {
      throw ConfigError(
          fmt::format("{} was cut to {} bytes while it was being read", name_, offset));
    }
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
}

}  // namespace skiff
