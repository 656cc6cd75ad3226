#include "vmm/control/run_directory/run_directory.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "vmm/base/error.h"
#include "vmm/control/run_directory/run_files.h"

namespace skiff {
namespace {

using Clock = std::chrono::steady_clock;

// How long a lock is waited for that may be let go of at once: by `skiff rm`, or by a VM that has
// told how it ended and is on its way out.
constexpr auto kBrief = std::chrono::milliseconds(100);
constexpr auto kEnding = std::chrono::seconds(5);

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  return text;
}

[[noreturn]] void taken(const std::string& name, int directory) {
  const auto pid = run_files::read(directory, run_files::kPid);
  throw HostError(fmt::format(
      "a VM named \"{0}\" runs already{1}; stop it with `skiff stop {0}`, or give this one another "
      "name with --name",
      name, pid ? fmt::format(" (pid {})", trimmed(*pid)) : ""));
}

void check_owner(int directory, const std::string& path) {
  struct stat status{};
  if (::fstat(directory, &status) != 0 || status.st_uid != ::geteuid() ||
      (status.st_mode & 077) != 0) {
    throw HostError(fmt::format(
        "{} is not this user's alone; remove it, so that Skiff can make it anew", path));
  }
}

}  // namespace

RunDirectory::RunDirectory(const std::string& name) : name_(name) {
  if (!is_vm_name(name)) {
    throw ConfigError(fmt::format(
        "skiff: \"{}\" cannot be a VM's name: 1 to 64 letters, digits, '-', '_' and '.', and "
        "neither '.' nor '-' first",
        name));
  }
  base_ = create_run_base();
  path_ = fmt::format("{}/{}", base_.path, name);
  for (const auto begun = Clock::now();;) {
    if (::mkdirat(base_.fd.get(), name.c_str(), 0700) != 0 && errno != EEXIST) {
      throw HostError::from_errno(fmt::format("cannot create {}", path_), errno);
    }
    directory_ = run_files::open_directory(base_.fd.get(), name);
    if (!directory_ && errno == ENOENT) continue;  // `skiff rm` was quicker
    if (!directory_) throw HostError::from_errno(fmt::format("cannot use {}", path_), errno);
    check_owner(directory_.get(), path_);
    lock_ = Fd(::openat(directory_.get(), run_files::kLock,
                        O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!lock_ && errno == ENOENT) continue;
    if (!lock_) throw HostError::from_errno(fmt::format("cannot lock {}", path_), errno);
    if (!run_files::try_lock(lock_.get())) {
      const bool ending = run_files::read(directory_.get(), run_files::kStatus).has_value();
      if (Clock::now() - begun > (ending ? kEnding : kBrief)) taken(name, directory_.get());
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      continue;
    }
    // What was locked may have been removed before it was: then it is not what others find.
    if (run_files::is_still(lock_.get(), directory_.get(), run_files::kLock) &&
        run_files::is_still(directory_.get(), base_.fd.get(), name.c_str())) {
      break;
    }
  }
  run_files::wipe(directory_.get());
  if (!run_files::write(directory_.get(), run_files::kPid, fmt::format("{}\n", ::getpid()))) {
    const int error = errno;
    discard();
    throw HostError::from_errno(fmt::format("cannot write to {}", path_), error);
  }
}

RunDirectory::~RunDirectory() {
  if (!kept_) discard();
}

std::string RunDirectory::file(std::string_view file_name) const {
  return fmt::format("{}/{}", path_, file_name);
}

Fd RunDirectory::listen(const char* socket_name) const {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const sockaddr_un address = run_files::socket_address(directory_.get(), path_, socket_name);
  const bool listening =
      socket &&
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::fchmodat(directory_.get(), socket_name, 0600, 0) == 0 && ::listen(socket.get(), 64) == 0;
  if (!listening) {
    throw HostError::from_errno(fmt::format("cannot listen on {}", file(socket_name)), errno);
  }
  return socket;
}

bool RunDirectory::end(std::string_view status_json) {
  kept_ = true;
  const bool written = run_files::write(directory_.get(), run_files::kStatus, status_json);
  ::unlinkat(directory_.get(), run_files::kSocket, 0);
  ::unlinkat(directory_.get(), run_files::kPid, 0);
  return written;
}

void RunDirectory::discard() {
  kept_ = true;
  run_files::wipe(directory_.get());
  ::unlinkat(directory_.get(), run_files::kLock, 0);
  ::unlinkat(base_.fd.get(), name_.c_str(), AT_REMOVEDIR);
}

}  // namespace skiff
