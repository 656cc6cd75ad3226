#include "vmm/control/console/raw_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "vmm/base/error.h"

namespace skiff {
namespace {

namespace asio = boost::asio;

constexpr int kBacklog = 16;
// When the limit of open files is reached, which nothing tells the end of.
constexpr auto kRetryPeriod = std::chrono::seconds(1);

Fd listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    throw HostError(fmt::format("the path of a console's socket is longer than {} bytes: \"{}\"",
                                sizeof address.sun_path - 1, path));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) ::unlink(path.c_str());
  Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // The mode of a socket is that of its inode, from bind on: nobody else connects in between.
  if (!listener || ::fchmod(listener.get(), 0600) != 0 ||
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), kBacklog) != 0) {
    throw HostError::from_errno(fmt::format("cannot make the console's socket \"{}\"", path),
                                errno);
  }
  return listener;
}

}  // namespace

RawSocket::RawSocket(asio::io_context& io, ConsoleHub& hub, std::string path)
    : hub_(hub), path_(std::move(path)), listener_(io), retry_timer_(io) {
  Fd listener = listen_at(path_);
  boost::system::error_code error;
  listener_.assign(listener.get(), error);
  if (error) {
    throw HostError::from_errno(fmt::format("cannot wait for \"{}\"", path_), error.value());
  }
  listener.release();
  await_client();
}

RawSocket::~RawSocket() {
  ::unlink(path_.c_str());
}

void RawSocket::await_client() {
  listener_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                         if (!error) accept_all();
                       });
}

void RawSocket::accept_all() {
  for (;;) {
    Fd client(::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (client) {
      std::string who = process_at(client.get()) + " on the console's socket";
      // One too many is closed.
      hub_.adopt_raw(ConsoleClient::Kind::socket, std::move(client), std::move(who));
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN) return await_client();
    // Who waits in the backlog would be announced again and again.
    retry_timer_.expires_after(kRetryPeriod);
    retry_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) accept_all();
    });
    return;
  }
}

}  // namespace skiff
