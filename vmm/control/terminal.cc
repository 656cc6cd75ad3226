#include "vmm/control/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>

#include "vmm/base/log.h"

namespace skiff {
namespace {

// A terminal that is not this session's has no job control: nobody is in its background.
bool is_in_foreground(int fd) {
  const pid_t group = ::tcgetpgrp(fd);
  return group == ::getpgrp() || (group < 0 && errno == ENOTTY);
}

// What the crash handler needs; a handler can be given nothing else.
std::atomic<int> g_crash_fd{-1};  // -1 while there is nothing to restore
termios g_crash_saved;
constexpr std::array kCrashSignals = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGQUIT};

extern "C" void restore_and_die(int signal_number) {
  const int fd = g_crash_fd.load();
  if (fd >= 0 && is_in_foreground(fd)) ::tcsetattr(fd, TCSANOW, &g_crash_saved);
  // SA_RESETHAND has put the default action back: the signal, sent again, does its work.
  ::raise(signal_number);
}

void install_crash_handlers() {
  struct sigaction action{};
  action.sa_handler = restore_and_die;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  for (const int number : kCrashSignals) {
    struct sigaction before{};
    // Ignored by whoever started us (SIGQUIT of a background job): it stays so.
    if (::sigaction(number, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    ::sigaction(number, &action, nullptr);
  }
}

struct WatcherNews {
  bool raw = false;
  termios saved{};
};
static_assert(sizeof(WatcherNews) <= PIPE_BUF, "goes through the pipe in one piece");

// Runs in the child. Only async-signal-safe calls.
[[noreturn]] void watch(int fd, int pipe) {
  ::prctl(PR_SET_NAME, "skiff-tty");
  // Out of Skiff's process group, whose signals (a shell's `kill -9 %1`) are not meant for it; and
  // a process of another session may set the terminal without being in its foreground.
  ::setsid();
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTOU, SIGPIPE}) {
    ::sigaction(number, &ignore, nullptr);
  }
  WatcherNews last;
  for (;;) {
    WatcherNews news;
    const ssize_t got = ::read(pipe, &news, sizeof news);
    if (got == static_cast<ssize_t>(sizeof news)) {
      last = news;
    } else if (got >= 0 || errno != EINTR) {
      break;
    }
  }
  if (last.raw) ::tcsetattr(fd, TCSANOW, &last.saved);
  ::_exit(0);
}

// Whether a program that reads lines has the terminal's modes: ours are all off.
bool is_cooked(const termios& modes) {
  return (modes.c_lflag & (ICANON | ECHO | ISIG)) != 0;
}

}  // namespace

std::string with_returns(std::string_view text) {
  std::string lines;
  for (const char character : text) {
    if (character == '\n') lines += '\r';
    lines += character;
  }
  return lines;
}

Terminal::Terminal(int fd) : fd_(fd), is_terminal_(::isatty(fd) == 1) {
  if (!is_terminal_) return;
  start_watcher();
  install_crash_handlers();
  resume();
}

Terminal::~Terminal() {
  suspend();
  if (!watcher_pipe_) return;
  watcher_pipe_.reset();
  while (::waitpid(watcher_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool Terminal::in_foreground() const {
  return is_in_foreground(fd_);
}

void Terminal::start_watcher() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;  // the other ways out still restore
  watcher_pipe_ = Fd(ends[1]);
  const Fd read_end(ends[0]);
  watcher_ = ::fork();
  if (watcher_ < 0) watcher_pipe_.reset();
  if (watcher_ != 0) return;
  // Nothing but the terminal and the pipe stays open: a pipe on stdout would never see its end.
  ::dup2(fd_, 0);
  ::dup2(read_end.get(), 1);
  ::syscall(SYS_close_range, 2U, ~0U, 0U);
  watch(0, 1);
}

void Terminal::tell_watcher() const {
  if (!watcher_pipe_) return;
  const WatcherNews news{.raw = raw_, .saved = saved_};
  [[maybe_unused]] const auto written = ::write(watcher_pipe_.get(), &news, sizeof news);
}

void Terminal::suspend() {
  if (!raw_) return;
  // In the background (stopped by SIGSTOP, continued by `bg`) it is another job's by now.
  if (in_foreground()) ::tcsetattr(fd_, TCSADRAIN, &saved_);
  g_crash_fd = -1;
  raw_ = false;
  tell_watcher();
  log_set_raw_terminal(false);
}

void Terminal::resume() {
  termios found{};
  if (!is_terminal_ || !in_foreground() || ::tcgetattr(fd_, &found) != 0) return;
  if (raw_ && !is_cooked(found)) return;
  saved_ = found;
  raw_ = true;
  // Before the terminal changes: whoever looks in between restores what is there.
  tell_watcher();
  g_crash_saved = saved_;
  g_crash_fd = fd_;
  termios wanted = saved_;
  ::cfmakeraw(&wanted);
  wanted.c_cc[VMIN] = 1;
  wanted.c_cc[VTIME] = 0;
  ::tcsetattr(fd_, TCSADRAIN, &wanted);
  log_set_raw_terminal(true);
}

}  // namespace skiff
