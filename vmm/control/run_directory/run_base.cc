#include "vmm/control/run_directory/run_base.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "vmm/base/error.h"

namespace skiff {
namespace {

bool is_own_folder(const char* path) {
  struct stat status{};
  return path[0] == '/' && ::stat(path, &status) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == ::geteuid();
}

// `looking`: root may look into the folder that another user's environment names.
std::string base_path(bool looking) {
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  const bool root = ::geteuid() == 0;
  if (runtime != nullptr && (is_own_folder(runtime) || (looking && root && runtime[0] == '/'))) {
    return fmt::format("{}/skiff", runtime);
  }
  return root ? "/run/skiff" : fmt::format("/tmp/skiff-{}", ::geteuid());
}

Fd open_folder(const std::string& path) {
  return Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

void check(const RunBase& base, bool looking) {
  struct stat status{};
  if (::fstat(base.fd.get(), &status) != 0) {
    throw HostError::from_errno(fmt::format("cannot look at {}", base.path), errno);
  }
  const bool trusted = status.st_uid == ::geteuid() || (looking && ::geteuid() == 0);
  if (!trusted) {
    throw HostError(
        fmt::format("{} belongs to another user (uid {}), so that named VMs cannot be kept there; "
                    "set XDG_RUNTIME_DIR to a folder of your own",
                    base.path, status.st_uid));
  }
  if ((status.st_mode & 077) != 0) {
    throw HostError(fmt::format(
        "{0} is open to other users (mode {1:o}); named VMs need it closed: chmod 700 {0}",
        base.path, status.st_mode & 07777));
  }
}

}  // namespace

RunBase create_run_base() {
  RunBase base{.path = base_path(false), .fd = {}};
  // The mode is given to mkdir, not set later: it is never open to others for a moment.
  if (::mkdir(base.path.c_str(), 0700) != 0 && errno != EEXIST) {
    throw HostError::from_errno(fmt::format("cannot create {}", base.path), errno);
  }
  base.fd = open_folder(base.path);
  if (!base.fd) throw HostError::from_errno(fmt::format("cannot use {}", base.path), errno);
  check(base, false);
  return base;
}

std::optional<RunBase> find_run_base() {
  RunBase base{.path = base_path(true), .fd = {}};
  base.fd = open_folder(base.path);
  if (!base.fd && errno == ENOENT) return std::nullopt;
  if (!base.fd) throw HostError::from_errno(fmt::format("cannot use {}", base.path), errno);
  check(base, true);
  return base;
}

bool is_vm_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name[0] != '.' && name[0] != '-' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

}  // namespace skiff
