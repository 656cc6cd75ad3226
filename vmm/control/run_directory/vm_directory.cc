#include "vmm/control/run_directory/vm_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "vmm/control/run_directory/run_files.h"

namespace skiff {

std::optional<VmDirectory> VmDirectory::find(const RunBase& base, const std::string& name) {
  if (!is_vm_name(name)) return std::nullopt;
  VmDirectory found;
  found.name_ = name;
  found.path_ = fmt::format("{}/{}", base.path, name);
  found.directory_ = run_files::open_directory(base.fd.get(), name);
  if (!found.directory_) return std::nullopt;
  return found;
}

VmLife VmDirectory::life() const {
  // Before the lock: a VM writes it while it still holds the lock.
  const bool told = ::faccessat(directory_.get(), run_files::kStatus, F_OK, 0) == 0;
  if (told) return VmLife::ended;
  const Fd lock = open(run_files::kLock);
  if (lock && run_files::is_locked(lock.get())) return VmLife::live;
  // It may have ended between the two looks.
  const bool told_now = ::faccessat(directory_.get(), run_files::kStatus, F_OK, 0) == 0;
  return told_now ? VmLife::ended : VmLife::crashed;
}

bool VmDirectory::wait_for_end_of_process(int seconds) const {
  const Fd lock = open(run_files::kLock);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (lock && run_files::is_locked(lock.get())) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

std::optional<std::string> VmDirectory::read(const char* file_name) const {
  return run_files::read(directory_.get(), file_name);
}

Fd VmDirectory::open(const char* file_name) const {
  constexpr int kFlags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
  Fd file(::openat(directory_.get(), file_name, kFlags | O_NOFOLLOW));
  // The console's log may lie elsewhere. A link is followed for its owner alone: it must not lead
  // root, who may look too, to other people's files.
  struct stat status{};
  if (!file && errno == ELOOP && ::fstat(directory_.get(), &status) == 0 &&
      status.st_uid == ::geteuid()) {
    file = Fd(::openat(directory_.get(), file_name, kFlags));
  }
  return file;
}

bool VmDirectory::is_still(int fd, const char* file_name) const {
  return run_files::is_still(fd, directory_.get(), file_name);
}

std::expected<Fd, int> VmDirectory::connect(const char* socket_name, bool may_wait) const {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (may_wait ? 0 : SOCK_NONBLOCK), 0));
  if (!socket) return std::unexpected(errno);
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const sockaddr_un address = run_files::socket_address(directory_.get(), path_, socket_name);
  while (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
         0) {
    if (errno != EINTR) return std::unexpected(errno);
  }
  return socket;
}

bool VmDirectory::remove(const RunBase& base) {
  const Fd lock(::openat(directory_.get(), run_files::kLock,
                         O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  // Without a lock file of its own somebody else is removing it.
  if (!lock) return true;
  if (!run_files::try_lock(lock.get())) return false;
  if (!run_files::is_still(lock.get(), directory_.get(), run_files::kLock)) return true;
  run_files::wipe(directory_.get());
  ::unlinkat(directory_.get(), run_files::kLock, 0);
  ::unlinkat(base.fd.get(), name_.c_str(), AT_REMOVEDIR);
  return true;
}

std::vector<std::string> vm_names(const RunBase& base) {
  std::vector<std::string> names;
  const int own = ::openat(base.fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return names;
  DIR* const listing = ::fdopendir(own);
  if (listing == nullptr) {
    ::close(own);
    return names;
  }
  while (const dirent* const entry = ::readdir(listing)) {
    if (is_vm_name(entry->d_name)) names.emplace_back(entry->d_name);
  }
  ::closedir(listing);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace skiff
