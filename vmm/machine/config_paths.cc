#include "vmm/machine/config_paths.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <system_error>

namespace skiff {
namespace {

std::string errno_text(int number) {
  return std::generic_category().message(number);
}

// The path as a person can look for it: absolute where the current directory is known.
std::string absolute(const std::string& path) {
  if (path.starts_with('/')) return path;
  char buffer[PATH_MAX];
  if (::getcwd(buffer, sizeof buffer) == nullptr) return path;
  const std::string_view relative =
      path.starts_with("./") ? std::string_view(path).substr(2) : path;
  return fmt::format("{}/{}", buffer, relative);
}

}  // namespace

std::string ConfigPaths::resolve(const std::string& path, std::uint32_t source) const {
  if (source != 0 || directory.empty() || path.empty() || path.starts_with('/')) return path;
  return directory.ends_with('/') ? directory + path : directory + "/" + path;
}

const char* irregular_file_kind(unsigned mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "";
    case S_IFDIR:
      return "is a directory";
    case S_IFIFO:
      return "is a FIFO";
    case S_IFSOCK:
      return "is a socket";
    case S_IFCHR:
      return "is a character device";
    case S_IFBLK:
      return "is a block device";
    default:
      return "is no regular file";
  }
}

std::expected<std::uint64_t, std::string> readable_file_size(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    const int error = errno;
    return std::unexpected(
        fmt::format("cannot be found: {}: {}", absolute(path), errno_text(error)));
  }
  const std::string_view kind = irregular_file_kind(status.st_mode);
  if (!kind.empty()) {
    return std::unexpected(fmt::format("{}, not a regular file: {}", kind, absolute(path)));
  }
  if (::access(path.c_str(), R_OK) != 0) {
    const int error = errno;
    return std::unexpected(
        fmt::format("cannot be read: {}: {}", absolute(path), errno_text(error)));
  }
  return static_cast<std::uint64_t>(status.st_size);
}

std::string unwritable_reason(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return fmt::format("is a directory: {}", absolute(path));
    if (::access(path.c_str(), W_OK) == 0) return {};
    const int error = errno;
    return fmt::format("cannot be written: {}: {}", absolute(path), errno_text(error));
  }
  const auto slash = path.rfind('/');
  std::string directory = ".";
  if (slash == 0) directory = "/";
  if (slash != std::string::npos && slash != 0) directory = path.substr(0, slash);
  if (::access(directory.c_str(), W_OK | X_OK) == 0) return {};
  const int error = errno;
  return fmt::format("cannot be made in {}: {}", absolute(directory), errno_text(error));
}

std::string unusable_disk_reason(const std::string& path, bool read_only) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    const int error = errno;
    return fmt::format(
        "cannot be found: {}: {}{}", absolute(path), errno_text(error),
        error == ENOENT ? fmt::format(" (to make an empty disk: truncate -s 1G {})", path) : "");
  }
  const bool regular = S_ISREG(status.st_mode);
  if (!regular && !S_ISBLK(status.st_mode)) {
    return fmt::format("{}, neither a regular file nor a block device: {}",
                       irregular_file_kind(status.st_mode), absolute(path));
  }
  if (regular && status.st_size == 0) return fmt::format("is an empty file: {}", absolute(path));
  if (::access(path.c_str(), read_only ? R_OK : R_OK | W_OK) != 0) {
    const int error = errno;
    const bool readable = ::access(path.c_str(), R_OK) == 0;
    return fmt::format("cannot be {}: {}: {}{}", readable ? "written" : "read", absolute(path),
                       errno_text(error), readable ? "; or write read_only = true" : "");
  }
  return {};
}

std::string unreadable_stream_reason(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    const int error = errno;
    return fmt::format("cannot be found: {}: {}", absolute(path), errno_text(error));
  }
  if (S_ISDIR(status.st_mode)) return fmt::format("is a directory: {}", absolute(path));
  if (::access(path.c_str(), R_OK) == 0) return {};
  const int error = errno;
  return fmt::format("cannot be read: {}: {}", absolute(path), errno_text(error));
}

}  // namespace skiff
