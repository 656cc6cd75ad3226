#include "vmm/control/standard_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "vmm/base/error.h"

namespace skiff {
namespace {

// A pipe with any room takes this much without waiting (pipe(7), PIPE_BUF).
constexpr std::size_t kSurelyTaken = 4096;

// The same pipe or terminal through a file description of our own, where that can be had.
Fd open_anew(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return {};
  // A regular file opened anew would have an offset of its own and overwrite its beginning.
  if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode)) return {};
  const std::string path = fmt::format("/proc/self/fd/{}", fd);
  return Fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

bool has_room(int fd) {
  pollfd waiting{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&waiting, 1, 0) != 0;
}

}  // namespace

StandardOutput::StandardOutput() {
  const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) {
    throw HostError(
        "stdout is closed: the guest's console has nowhere to go (to run without it, use "
        "`>/dev/null`)");
  }
  own_ = open_anew(STDOUT_FILENO);
  if (own_) fd_ = own_.get();
  struct stat status{};
  if (::fstat(STDOUT_FILENO, &status) == 0) {
    is_socket_ = S_ISSOCK(status.st_mode);
    may_block_ = !own_ && !is_socket_ && !S_ISREG(status.st_mode);
  }
}

ssize_t StandardOutput::write(std::span<const std::byte> bytes) const noexcept {
  if (is_socket_) return ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (!may_block_) return ::write(fd_, bytes.data(), bytes.size());
  if (!has_room(fd_)) {
    errno = EAGAIN;
    return -1;
  }
  return ::write(fd_, bytes.data(), std::min(bytes.size(), kSurelyTaken));
}

}  // namespace skiff
