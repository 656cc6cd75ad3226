#include "vmm/control/stdio_console.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <thread>

#include "vmm/base/error.h"

namespace skiff {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kReadSize = 4096;
// Bytes written in one go before other work (signals) gets its turn.
constexpr std::size_t kRoundSize = 256 * 1024;
// How often a Skiff in the background looks whether it has come to the foreground: `fg` on a job
// that was not stopped sends no signal.
constexpr auto kForegroundPeriod = std::chrono::milliseconds(500);

// Lets the reactor wait for `fd` without touching it; left closed where it cannot be waited for (a
// regular file), which is then always ready. Throws HostError. The reactor makes whatever it is
// given non-blocking, and that flag would be shared with every process that has the same pipe or
// terminal open; so it gets an epoll instance around `fd`.
void assign(asio::posix::stream_descriptor& descriptor, int fd, std::uint32_t events) {
  Fd gate(::epoll_create1(EPOLL_CLOEXEC));
  if (!gate) throw HostError::from_errno("cannot create an epoll instance for the console", errno);
  epoll_event interest{.events = events, .data = {.fd = fd}};
  if (::epoll_ctl(gate.get(), EPOLL_CTL_ADD, fd, &interest) != 0) {
    if (errno == EPERM) return;
    throw HostError::from_errno("cannot wait for the console's input and output", errno);
  }
  boost::system::error_code error;
  descriptor.assign(gate.get(), error);
  if (error) {
    throw HostError::from_errno("cannot wait for the console's input and output", error.value());
  }
  gate.release();
}

// How long a device may say that it has output, and bring none, when the guest has ended.
constexpr auto kSilentDevice = std::chrono::seconds(2);

}  // namespace

StdioConsole::StdioConsole(asio::io_context& io, const StdioConsoleOptions& options,
                           Handlers handlers)
    : io_(io),
      handlers_(std::move(handlers)),
      terminal_(options.input ? STDIN_FILENO : -1),
      // Only a person types escapes; a file piped in is the guest's, every byte of it.
      filter_(terminal_.is_terminal() ? options.escape : '\0'),
      wake_descriptor_(io),
      output_descriptor_(io),
      input_descriptor_(io),
      foreground_timer_(io) {
  assign(output_descriptor_, output_.fd(), EPOLLOUT);
  assign(wake_descriptor_, wake_.fd(), EPOLLIN);
  await_wake();
  const int input_flags = ::fcntl(STDIN_FILENO, F_GETFL);
  input_open_ = options.input && input_flags >= 0 && (input_flags & O_ACCMODE) != O_WRONLY;
  if (input_open_) assign(input_descriptor_, STDIN_FILENO, EPOLLIN);
}

StdioConsole::~StdioConsole() = default;

std::size_t StdioConsole::write(std::span<const std::byte> bytes) noexcept {
  if (discard_.load(std::memory_order_relaxed)) return bytes.size();
  MutexLock lock(producers_);
  // Nothing before these bytes is left to write (the main thread pops only what it has written, and
  // other vCPUs wait for the mutex): they may go out from here, with no thread woken.
  std::size_t direct = 0;
  if (!output_.may_block() && ring_.empty()) {
    const ssize_t result = output_.write(bytes);
    // An error is found again, and told, by the main thread.
    if (result > 0) direct = static_cast<std::size_t>(result);
    if (direct == bytes.size()) return direct;
  }
  bool was_empty = false;
  const std::size_t taken = ring_.write(bytes.subspan(direct), was_empty);
  if (was_empty && taken != 0) wake_.signal();
  return direct + taken;
}

bool StdioConsole::writable() const noexcept {
  return ring_.writable() || discard_.load(std::memory_order_relaxed);
}

void StdioConsole::on_receive_room() noexcept {
  wake_.signal();
}

void StdioConsole::attach(CharacterDevice* device) {
  device_ = device;
  if (device_ == nullptr) return;
  device_->set_room_listener(this);
  update_window_size();
  // Input typed while nobody was attached, and the first read.
  asio::post(io_, [this] { deliver_input(); });
}

void StdioConsole::update_window_size() {
  winsize size{};
  if (device_ == nullptr || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return;
  device_->on_window_size(size.ws_col, size.ws_row);
}

void StdioConsole::tell(const std::string& text) {
  if (!interactive()) return;
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

void StdioConsole::await_wake() {
  wake_descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                              [this](const boost::system::error_code& error) {
                                if (error) return;
                                wake_.consume();
                                if (!output_waiting_) pump_output();
                                if (pending_at_ < pending_.size()) deliver_input();
                                await_wake();
                              });
}

StdioConsole::Progress StdioConsole::write_some() {
  for (std::size_t written = 0; written < kRoundSize;) {
    const std::span<const std::byte> bytes = ring_.front();
    if (bytes.empty()) return Progress::done;
    const ssize_t result = output_.write(bytes);
    if (result >= 0) {
      ring_.pop(static_cast<std::size_t>(result));
      written += static_cast<std::size_t>(result);
      written_ += static_cast<std::uint64_t>(result);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return Progress::blocked;
    const int error = errno;
    discard_.store(true);
    output_lost_ = true;
    ring_.pop(OutputRing::kCapacity);
    handlers_.on_output_lost(
        fmt::format("cannot write the guest's console to stdout: {}", std::strerror(error)));
    return Progress::lost;
  }
  return Progress::done;
}

void StdioConsole::pump_output() {
  const Progress progress = output_lost_ ? Progress::lost : write_some();
  if ((progress == Progress::lost || ring_.take_starved()) && device_ != nullptr) {
    device_->on_transmit_room();
  }
  if (progress == Progress::blocked) {
    await_output_room();
  } else if (!ring_.empty()) {
    asio::post(io_, [this] {
      if (!output_waiting_) pump_output();
    });
  }
}

void StdioConsole::await_output_room() {
  output_waiting_ = true;
  // An epoll instance is "readable" when what it watches is ready, for writing here.
  output_descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                                [this](const boost::system::error_code& error) {
                                  output_waiting_ = false;
                                  if (!error) pump_output();
                                });
}

bool StdioConsole::drain(const GiveUp& give_up) {
  auto taken_at = std::chrono::steady_clock::now();
  for (;;) {
    // Asked before the ring is looked at, which the device's thread may still be filling.
    const bool device_done = device_ == nullptr || device_->is_transmit_idle();
    const std::uint64_t before = written_;
    const Progress progress = output_lost_ ? Progress::lost : write_some();
    if (progress == Progress::lost) return false;
    if (device_ != nullptr && ring_.take_starved()) device_->on_transmit_room();
    const auto now = std::chrono::steady_clock::now();
    if (written_ != before) taken_at = now;
    if (ring_.empty() && (device_done || now - taken_at > kSilentDevice)) return true;
    if (give_up(now - taken_at)) return false;
    pollfd waiting{.fd = output_.fd(), .events = POLLOUT, .revents = 0};
    if (progress == Progress::blocked) {
      ::poll(&waiting, 1, 50);
    } else if (ring_.empty()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

void StdioConsole::await_input() {
  if (!input_open_ || input_waiting_) return;
  if (terminal_.is_terminal() && !terminal_.in_foreground()) return await_foreground();
  if (!input_descriptor_.is_open()) {  // a regular file: always readable
    input_waiting_ = true;
    asio::post(io_, [this] {
      input_waiting_ = false;
      read_input();
    });
    return;
  }
  input_waiting_ = true;
  input_descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                               [this](const boost::system::error_code& error) {
                                 input_waiting_ = false;
                                 if (!error) read_input();
                               });
}

void StdioConsole::await_foreground() {
  input_waiting_ = true;
  foreground_timer_.expires_after(kForegroundPeriod);
  foreground_timer_.async_wait([this](const boost::system::error_code& error) {
    input_waiting_ = false;
    if (error) return;
    terminal_.resume();
    await_input();
  });
}

void StdioConsole::read_input() {
  // In the background a terminal must not be read (SIGTTIN).
  if (terminal_.is_terminal() && !terminal_.in_foreground()) return await_input();
  std::byte buffer[kReadSize];
  const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return await_input();
  if (count <= 0) {
    input_open_ = false;  // end of input: the guest goes on without
    return;
  }
  pending_.clear();
  pending_at_ = 0;
  filter_.feed({buffer, static_cast<std::size_t>(count)}, pending_, [this](ConsoleAction action) {
    if (action == ConsoleAction::help) {
      tell(filter_.help());
    } else if (action == ConsoleAction::send_break) {
      if (device_ != nullptr) device_->receive_break();
    } else {
      handlers_.on_action(action);
    }
  });
  deliver_input();
}

void StdioConsole::deliver_input() {
  if (device_ == nullptr) return;
  if (pending_at_ < pending_.size()) {
    pending_at_ += device_->receive(std::span(pending_).subspan(pending_at_));
  }
  if (pending_at_ >= pending_.size()) await_input();
}

}  // namespace skiff
