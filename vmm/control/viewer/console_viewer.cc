#include "vmm/control/viewer/console_viewer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "vmm/base/error.h"
#include "vmm/base/exit_status.h"

namespace skiff {
namespace {

constexpr std::size_t kReceiveSize = 256 * 1024;
// More is not read while this much waits for the VM. [bytes]
constexpr std::size_t kMostFrames = 64 * 1024;
constexpr std::size_t kReadSize = 16 * 1024;
// How often one in the background looks whether it has come to the foreground. [ms]
constexpr int kForegroundPeriod = 500;
constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH};

Fd take_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : kSignals) {
    struct sigaction action{};
    const bool ignored = ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
    if (!ignored) sigaddset(&set, number);
  }
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return Fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

bool is_readable_file(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != O_WRONLY;
}

}  // namespace

ConsoleViewer::ConsoleViewer(Fd socket, std::span<const std::byte> early,
                             ConsoleViewerOptions options, Act act)
    : options_(std::move(options)),
      act_(std::move(act)),
      socket_(std::move(socket)),
      signals_(take_signals()),
      terminal_(STDIN_FILENO),
      filter_(terminal_.is_terminal() ? options_.escape : '\0', EscapeKeys::console),
      buffer_(kReceiveSize),
      // Who only looks on needs no input, but a terminal has the escape key.
      input_open_(is_readable_file(STDIN_FILENO) &&
                  (!options_.read_only || terminal_.is_terminal())) {
  if (!signals_) throw HostError::from_errno("cannot wait for signals", errno);
  ::signal(SIGPIPE, SIG_IGN);
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK);
  send_window();
  if (terminal_.is_terminal() && options_.escape != 0) {
    tell(fmt::format("attached to {}; {} d detaches, {} h for help", options_.vm,
                     filter_.escape_name(), filter_.escape_name()));
  }
  take(early);
}

ConsoleViewer::~ConsoleViewer() = default;

int ConsoleViewer::run() {
  while (!status_) {
    flush_output();
    flush_frames();
    if (!status_) wait();
  }
  terminal_.suspend();
  return *status_;
}

void ConsoleViewer::wait() {
  const bool unshown = unshown_at_ < unshown_.size();
  const bool unsent = frames_at_ < frames_.size();
  const bool busy = frames_.size() - frames_at_ >= kMostFrames;
  const bool foreground = !terminal_.is_terminal() || terminal_.in_foreground();
  const bool input = input_open_ && foreground && !busy;
  const auto wanted = [](bool wants, short events) { return wants ? events : short{0}; };
  const auto from_vm = static_cast<short>(wanted(!unshown, POLLIN) | wanted(unsent, POLLOUT));
  std::array<pollfd, 4> waiting = {{
      {.fd = signals_.get(), .events = POLLIN, .revents = 0},
      // One that has hung up would be told again and again, whatever is waited for.
      {.fd = ended_ || from_vm == 0 ? -1 : socket_.get(), .events = from_vm, .revents = 0},
      {.fd = input ? STDIN_FILENO : -1, .events = POLLIN, .revents = 0},
      {.fd = unshown ? output_.fd() : -1, .events = POLLOUT, .revents = 0},
  }};
  const bool sending = file_ && !busy && writer_;
  const int patience = sending ? 0 : input_open_ && !foreground ? kForegroundPeriod : -1;
  if (::poll(waiting.data(), waiting.size(), patience) < 0 && errno != EINTR) {
    throw HostError::from_errno("cannot wait for the console", errno);
  }
  if (waiting[0].revents != 0) on_signals();
  if (status_) return;
  if (waiting[1].revents != 0 && !unshown) receive();
  if (waiting[2].revents != 0 && !status_) read_input();
  if (input_open_ && !foreground && terminal_.in_foreground()) terminal_.resume();
  if (sending && !status_) send_file();
}

void ConsoleViewer::on_signals() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    switch (static_cast<int>(info.ssi_signo)) {
      case SIGTSTP:
        stop_process();
        break;
      case SIGCONT:
        terminal_.resume();
        send_window();
        break;
      case SIGWINCH:
        send_window();
        break;
      default:
        return finish(exit_status::of_signal(static_cast<int>(info.ssi_signo)));
    }
  }
}

void ConsoleViewer::stop_process() {
  terminal_.suspend();
  // SIGSTOP cannot be caught: here is where the process stands still until SIGCONT.
  ::raise(SIGSTOP);
}

void ConsoleViewer::receive() {
  const ssize_t got = ::recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got > 0) return take(std::span(buffer_).first(static_cast<std::size_t>(got)));
  terminal_.suspend();
  throw HostError(
      fmt::format("{} has closed the connection: its process is gone, or does not "
                  "understand this one",
                  options_.vm));
}

void ConsoleViewer::take(std::span<const std::byte> bytes) {
  for (;;) {
    const auto part = parser_.next(bytes);
    if (!part) {
      terminal_.suspend();
      throw HostError(
          fmt::format("{} does not speak the console protocol: {}", options_.vm, part.error()));
    }
    if (!*part) return;
    const FramePart& frame = **part;
    switch (frame.type) {
      case FrameType::output:
        show(frame.bytes);
        break;
      case FrameType::notice:
        tell({reinterpret_cast<const char*>(frame.bytes.data()), frame.bytes.size()});
        break;
      case FrameType::role: {
        const bool before = std::exchange(writer_, frame.number() == 1);
        if (writer_ != before) told_viewer_ = false;
        if (writer_) send_window();
        break;
      }
      case FrameType::ended:
        ended_ = true;
        if (unshown_at_ == unshown_.size())
          finish(static_cast<int>(frame.number()));
        else
          unshown_status_ = static_cast<int>(frame.number());
        return;
      default:
        break;
    }
  }
}

void ConsoleViewer::show(std::span<const std::byte> bytes) {
  while (unshown_at_ == unshown_.size() && !bytes.empty()) {
    const ssize_t written = output_.write(bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;  // no room, or an error that flush_output finds again
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  unshown_.insert(unshown_.end(), bytes.begin(), bytes.end());
}

void ConsoleViewer::flush_output() {
  while (unshown_at_ < unshown_.size()) {
    const ssize_t written = output_.write(std::span(unshown_).subspan(unshown_at_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0) {
      terminal_.suspend();
      throw HostError::from_errno("cannot write the guest's console to stdout", errno);
    }
    unshown_at_ += static_cast<std::size_t>(written);
  }
  unshown_.clear();
  unshown_at_ = 0;
  if (unshown_status_) finish(*unshown_status_);
}

// To the person, not into the guest's output.
void ConsoleViewer::tell(std::string_view text) {
  std::string line = terminal_.raw() ? "\r\nskiff: " : "skiff: ";
  line += terminal_.raw() ? with_returns(text) : std::string(text);
  if (!text.ends_with('\n')) line += terminal_.raw() ? "\r\n" : "\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

void ConsoleViewer::read_input() {
  // In the background a terminal must not be read (SIGTTIN).
  if (terminal_.is_terminal() && !terminal_.in_foreground()) return;
  std::array<std::byte, kReadSize> typed;
  const ssize_t count = ::read(STDIN_FILENO, typed.data(), typed.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (count > 0) return on_typed(std::span(typed).first(static_cast<std::size_t>(count)));
  input_open_ = false;
  // What was typed still goes to the guest: the writer's half ends when all of it is there.
  if (options_.detach_on_eof) detach_when_sent_ = true;
}

void ConsoleViewer::on_typed(std::span<const std::byte> typed) {
  std::vector<std::byte> to_guest;
  for (const std::byte& key : typed) {
    if (path_) {
      type_path(key);
      continue;
    }
    filter_.feed({&key, 1}, to_guest, [&](ConsoleAction action) {
      send_input(std::exchange(to_guest, {}));
      on_action(action);
    });
  }
  send_input(to_guest);
}

void ConsoleViewer::send_input(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  if (options_.read_only || !(writer_ || !terminal_.is_terminal())) {
    if (!std::exchange(told_viewer_, true)) {
      tell(fmt::format("you are a viewer; {} t makes you the writer", filter_.escape_name()));
    }
    return;
  }
  append_frame(frames_, FrameType::input, bytes);
}

void ConsoleViewer::on_action(ConsoleAction action) {
  switch (action) {
    case ConsoleAction::detach:
    case ConsoleAction::quit:
      return finish(0);
    case ConsoleAction::send_break:
      return append_frame(frames_, FrameType::line_break, {});
    case ConsoleAction::take_writer:
      if (options_.read_only) return tell("attached with --read-only");
      return append_ask_role(frames_, RoleRequest::steal);
    case ConsoleAction::leave_writer:
      return append_ask_role(frames_, RoleRequest::give_up);
    case ConsoleAction::send_file:
      if (file_) {
        file_.reset();
        return tell("no more of the file is sent");
      }
      if (!writer_) return tell("only the writer can send a file");
      path_.emplace();
      tell("file to send (Enter; Ctrl-C: none):");
      return;
    case ConsoleAction::help: {
      const std::string text = filter_.help();
      [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
      return;
    }
    case ConsoleAction::power_button:
    case ConsoleAction::reset:
    case ConsoleAction::nmi:
      if (options_.read_only) return tell("attached with --read-only");
      if (const std::string wrong = act_(action); !wrong.empty()) tell(wrong);
      return;
    case ConsoleAction::why:
      return tell(act_(action));
  }
}

// A line editor of the smallest kind: the terminal is raw.
void ConsoleViewer::type_path(std::byte key) {
  const char typed = static_cast<char>(key);
  const auto echo = [](std::string_view text) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  };
  if (typed == '\r' || typed == '\n') {
    echo("\r\n");
    begin_file();
  } else if (typed == 0x03 || typed == 0x1b) {
    path_.reset();
    tell("no file");
  } else if (typed == 0x7f || typed == 0x08) {
    if (path_->empty()) return;
    path_->pop_back();
    echo("\b \b");
  } else if (static_cast<unsigned char>(typed) >= 0x20 && path_->size() < 4096) {
    path_->push_back(typed);
    echo({&typed, 1});
  }
}

void ConsoleViewer::begin_file() {
  const std::string path = *std::exchange(path_, std::nullopt);
  if (path.empty()) return;
  file_ = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file_) tell(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
}

void ConsoleViewer::send_file() {
  std::array<std::byte, kReadSize> part;
  const ssize_t count = ::read(file_.get(), part.data(), part.size());
  if (count > 0) {
    return append_frame(frames_, FrameType::input,
                        std::span(part).first(static_cast<std::size_t>(count)));
  }
  tell(count == 0 ? "the file is sent"
                  : fmt::format("the file cannot be read on: {}", std::strerror(errno)));
  file_.reset();
}

void ConsoleViewer::send_window() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return;
  append_window(frames_, size.ws_col, size.ws_row);
}

void ConsoleViewer::flush_frames() {
  while (frames_at_ < frames_.size()) {
    const auto rest = std::span(frames_).subspan(frames_at_);
    const ssize_t sent = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) {
      frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(frames_at_));
      frames_at_ = 0;
      return;
    }
    // It has gone: what it said last is still to be read.
    if (sent < 0) break;
    frames_at_ += static_cast<std::size_t>(sent);
  }
  frames_.clear();
  frames_at_ = 0;
  if (detach_when_sent_) finish(0);
}

}  // namespace skiff
