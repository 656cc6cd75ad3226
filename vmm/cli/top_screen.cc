#include "vmm/cli/top_screen.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "vmm/base/error.h"
#include "vmm/base/fd.h"
#include "vmm/cli/print.h"
#include "vmm/control/terminal.h"

namespace skiff {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kCtrlC = 3;
constexpr char kCtrlZ = 26;

// Control sequences of xterm, which terminals and tmux know: the alternate screen without a cursor.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kClearToEnd = "\x1b[J";
constexpr std::string_view kLineEnd = "\x1b[K\r\n";

class Screen {
 public:
  Screen() : terminal_(STDIN_FILENO) { print_all(kEnter); }
  ~Screen() { leave(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void stop_process() {
    leave();
    terminal_.suspend();
    ::raise(SIGSTOP);
    terminal_.resume();
    print_all(kEnter);
  }
  void show(std::string_view page) {
    std::string out(kHome);
    for (bool first = true; !page.empty(); first = false) {
      const auto end = page.find('\n');
      // Not behind the last line: the screen would scroll.
      if (!first) out += kLineEnd;
      out += page.substr(0, end);
      page.remove_prefix(end == std::string_view::npos ? page.size() : end + 1);
    }
    out += "\x1b[K";
    out += kClearToEnd;
    print_all(out);
  }

 private:
  static void leave() {
    // Nobody is there to be told where it fails.
    [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, kLeave.data(), kLeave.size());
  }

  Terminal terminal_;
};

TopScreen window() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) {
    return {.columns = 80, .rows = 24};
  }
  return {.columns = size.ws_col, .rows = size.ws_row};
}

class Top {
 public:
  Top(const std::function<TopSample()>& sample, std::chrono::nanoseconds interval)
      : sample_(sample), interval_(interval), before_(sample()), after_(before_), newest_(before_) {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH})
      ::sigaddset(&wanted, number);
    ::sigprocmask(SIG_BLOCK, &wanted, nullptr);
    signals_ = Fd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) throw HostError::from_errno("cannot wait for signals", errno);
  }

  void run() {
    Clock::time_point next = Clock::now() + interval_;
    while (!quit_) {
      draw();
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
      std::array<pollfd, 2> waiting{{{STDIN_FILENO, POLLIN, 0}, {signals_.get(), POLLIN, 0}}};
      ::poll(waiting.data(), waiting.size(), static_cast<int>(std::max<std::int64_t>(left, 0)));
      if (waiting[0].revents != 0) read_keys();
      if (waiting[1].revents != 0) read_signals();
      if (Clock::now() < next) continue;
      next = Clock::now() + interval_;
      TopSample older = std::exchange(newest_, sample_());
      // Frozen: the page stays; afterwards it goes on with the last interval.
      if (frozen_) continue;
      before_ = std::move(older);
      after_ = newest_;
    }
  }

 private:
  void draw() {
    TopScreen screen = window();
    screen.frozen = frozen_;
    screen.help = help_;
    screen.sort = sort_;
    screen_.show(to_text(make_top_view(before_, after_, sort_), screen));
  }
  void read_keys() {
    std::array<char, 64> keys;
    const ssize_t got = ::read(STDIN_FILENO, keys.data(), keys.size());
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) quit_ = true;
    for (ssize_t i = 0; i < got; ++i)
      press(keys[static_cast<std::size_t>(i)]);
  }
  void press(char key) {
    switch (key) {
      case 'q':
      case kCtrlC:
        quit_ = true;
        break;
      case kCtrlZ:
        screen_.stop_process();
        break;
      case 'c':
        sort_ = TopSort::count;
        break;
      case 't':
        sort_ = TopSort::time;
        break;
      case 'n':
        sort_ = TopSort::each;
        break;
      case 'f':
        frozen_ = !frozen_;
        break;
      case 'h':
      case '?':
        help_ = !help_;
        break;
      default:
        break;
    }
  }
  void read_signals() {
    signalfd_siginfo signal{};
    while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo == SIGTSTP) {
        screen_.stop_process();
      } else if (signal.ssi_signo != SIGWINCH) {
        quit_ = true;
      }
    }
  }

  const std::function<TopSample()>& sample_;
  const std::chrono::nanoseconds interval_;
  TopSample before_;
  TopSample after_;
  TopSample newest_;
  Fd signals_;
  bool quit_ = false;
  bool frozen_ = false;
  bool help_ = false;
  TopSort sort_ = TopSort::time;
  Screen screen_;
};

}  // namespace

bool is_top_screen_possible() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
}

void run_top_screen(const std::function<TopSample()>& sample, std::chrono::nanoseconds interval) {
  Top(sample, interval).run();
}

}  // namespace skiff
