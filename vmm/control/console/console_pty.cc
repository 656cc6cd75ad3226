#include "vmm/control/console/console_pty.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "vmm/base/error.h"
#include "vmm/base/log.h"

namespace skiff {
namespace {

namespace asio = boost::asio;

constexpr std::uint32_t kOpenOrClose = IN_OPEN | IN_CLOSE_WRITE | IN_CLOSE_NOWRITE;

void make_raw(int master) {
  termios modes{};
  if (::tcgetattr(master, &modes) != 0) return;
  ::cfmakeraw(&modes);
  ::tcsetattr(master, TCSANOW, &modes);
}

}  // namespace

ConsolePty::ConsolePty(asio::io_context& io, ConsoleHub& hub, std::string link)
    : hub_(hub),
      link_(std::move(link)),
      master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)),
      news_(io) {
  std::array<char, 64> name{};
  if (!master_ || ::grantpt(master_.get()) != 0 || ::unlockpt(master_.get()) != 0 ||
      ::ptsname_r(master_.get(), name.data(), name.size()) != 0) {
    throw HostError::from_errno("cannot make a pseudo-terminal", errno);
  }
  device_ = name.data();
  make_raw(master_.get());
  struct stat status{};
  if (::lstat(link_.c_str(), &status) == 0 && S_ISLNK(status.st_mode)) ::unlink(link_.c_str());
  if (::symlink(device_.c_str(), link_.c_str()) != 0) {
    throw HostError::from_errno(fmt::format("cannot make the link \"{}\"", link_), errno);
  }
  // One that was never open is not hung up either.
  open_device().reset();
  Fd news(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!news || ::inotify_add_watch(news.get(), device_.c_str(), kOpenOrClose) < 0) {
    log_debug("{}: cannot be told who opens {} ({}); it is held open", hub_.name(), device_,
              std::strerror(errno));
    kept_open_ = open_device();
    begin();
    return;
  }
  boost::system::error_code error;
  news_.assign(news.get(), error);
  if (error) throw HostError::from_errno("cannot wait for a pseudo-terminal", error.value());
  news.release();
  await_users();
}

ConsolePty::~ConsolePty() {
  ::unlink(link_.c_str());
}

void ConsolePty::await_users() {
  news_.async_wait(asio::posix::stream_descriptor::wait_read,
                   [this](const boost::system::error_code& error) {
                     if (error) return;
                     look();
                     await_users();
                   });
}

void ConsolePty::look() {
  alignas(inotify_event) std::array<char, 4096> events;
  while (::read(news_.native_handle(), events.data(), events.size()) > 0) {
  }
  // What happened is asked of the terminal: events of its own flushing come too.
  if (!is_open()) return end();
  if (!client_ || client_->closed()) begin();
}

// A master hangs up when the last user has closed the device.
bool ConsolePty::is_open() const {
  pollfd state{.fd = master_.get(), .events = 0, .revents = 0};
  return ::poll(&state, 1, 0) >= 0 && (state.revents & POLLHUP) == 0;
}

Fd ConsolePty::open_device() const {
  return Fd(::open(device_.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
}

void ConsolePty::begin() {
  Fd stream(::fcntl(master_.get(), F_DUPFD_CLOEXEC, 0));
  if (!stream) return;
  client_ = hub_.adopt_raw(ConsoleClient::Kind::pty, std::move(stream),
                           fmt::format("the user of {}", device_), static_cast<bool>(kept_open_));
}

void ConsolePty::end() {
  if (!client_) return;
  hub_.drop(client_);
  client_.reset();
  // Whoever comes next finds neither what this one has left unread nor its modes. Bytes wait in two
  // places: on their way from the master, and in the device's line discipline.
  ::tcflush(master_.get(), TCIOFLUSH);
  const Fd device = open_device();
  if (device) ::tcflush(device.get(), TCIFLUSH);
  make_raw(master_.get());
}

}  // namespace skiff
