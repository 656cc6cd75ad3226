#include "vmm/bench/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include "vmm/base/error.h"
#include "vmm/bench/guest_words.h"

namespace skiff::bench {
namespace {

using std::chrono::steady_clock;

constexpr int kNoProgram = 127;

struct Pipe {
  Fd read;
  Fd write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw HostError::from_errno("cannot make a pipe", errno);
  return {.read = Fd(ends[0]), .write = Fd(ends[1])};
}

// A terminal's two ends: what is written to one is read from the other, byte by byte as it is.
struct Terminal {
  Fd ours;
  Fd theirs;
};

Terminal make_terminal() {
  Terminal terminal{.ours = Fd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)), .theirs = {}};
  std::array<char, 64> name{};
  termios settings{};
  if (terminal.ours && ::grantpt(terminal.ours.get()) == 0 &&
      ::unlockpt(terminal.ours.get()) == 0 &&
      ::ptsname_r(terminal.ours.get(), name.data(), name.size()) == 0) {
    terminal.theirs = Fd(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  }
  if (!terminal.theirs || ::tcgetattr(terminal.theirs.get(), &settings) != 0) {
    throw HostError::from_errno("cannot make a terminal", errno);
  }
  ::cfmakeraw(&settings);
  ::tcsetattr(terminal.theirs.get(), TCSANOW, &settings);
  return terminal;
}

// What the child's stdin and stdout are, and our ends of them.
struct Wires {
  Fd in;
  Fd out;
  Fd child_in;
  Fd child_out;
};

Wires make_wires(bool has_terminal) {
  if (has_terminal) {
    Terminal terminal = make_terminal();
    Fd in(::fcntl(terminal.ours.get(), F_DUPFD_CLOEXEC, 0));
    Fd out(::fcntl(terminal.theirs.get(), F_DUPFD_CLOEXEC, 0));
    return {.in = std::move(in),
            .out = std::move(terminal.ours),
            .child_in = std::move(terminal.theirs),
            .child_out = std::move(out)};
  }
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  return {.in = std::move(in.write),
          .out = std::move(out.read),
          .child_in = std::move(in.read),
          .child_out = std::move(out.write)};
}

// The namespaces of another process, which are opened before there is a child.
struct Namespaces {
  Fd user;
  Fd network;
};

Namespaces namespaces_of(pid_t process) {
  if (process == 0) return {};
  const auto open_one = [process](const char* kind) {
    return Fd(::open(fmt::format("/proc/{}/ns/{}", process, kind).c_str(), O_RDONLY | O_CLOEXEC));
  };
  return {.user = open_one("user"), .network = open_one("net")};
}

// Only into a user namespace that is not ours already; the kernel refuses that one.
bool enter(const Namespaces& namespaces) {
  ::setns(namespaces.user.get(), CLONE_NEWUSER);
  return ::setns(namespaces.network.get(), CLONE_NEWNET) == 0;
}

void start_on(const std::vector<int>& cpus) {
  if (cpus.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) {
    if (cpu >= 0 && cpu < CPU_SETSIZE) CPU_SET(static_cast<std::size_t>(cpu), &set);
  }
  ::sched_setaffinity(0, sizeof set, &set);
}

// Ours and these, of which the first of a name is what counts for the program.
std::vector<std::string> variables_with(
    const std::vector<std::pair<std::string, std::string>>& environment) {
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment)
    variables.push_back(fmt::format("{}={}", name, value));
  for (char** variable = environ; *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  return variables;
}

void complain(std::string_view text) {
  (void)!::write(STDERR_FILENO, text.data(), text.size());
}

std::string read_some(int fd, bool& ended) {
  std::array<char, 16 * 1024> bytes;
  const ssize_t got = ::read(fd, bytes.data(), bytes.size());
  ended = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
  return got <= 0 ? std::string() : std::string(bytes.data(), static_cast<std::size_t>(got));
}

}  // namespace

ChildProcess::ChildProcess(const std::string& program, const std::vector<std::string>& arguments,
                           const ChildSetup& setup) {
  Wires wires = make_wires(setup.has_terminal);
  Pipe err = make_pipe();
  const Namespaces namespaces = namespaces_of(setup.network_of);
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> variables = variables_with(setup.environment);
  std::vector<char*> envp;
  for (std::string& variable : variables)
    envp.push_back(variable.data());
  envp.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw HostError::from_errno("cannot start " + program, errno);
  if (pid_ == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(kNoProgram);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::dup2(wires.child_in.get(), STDIN_FILENO);
    ::dup2(wires.child_out.get(), STDOUT_FILENO);
    ::dup2(err.write.get(), STDERR_FILENO);
    if (setup.kept_fd >= 0) ::fcntl(setup.kept_fd, F_SETFD, 0);
    if (setup.network_of != 0 && !enter(namespaces)) {
      complain("cannot enter the network of the cable's other end\n");
      ::_exit(kNoProgram);
    }
    start_on(setup.cpus);
    ::execvpe(argv[0], argv.data(), envp.data());
    ::_exit(kNoProgram);
  }
  ::setpgid(pid_, pid_);  // whichever of the two comes first
  in_ = std::move(wires.in);
  out_ = std::move(wires.out);
  err_ = std::move(err.read);
  ::fcntl(err_.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(out_.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(in_.get(), F_SETFL, O_NONBLOCK);
}

ChildProcess::~ChildProcess() {
  end();
}

std::string ChildProcess::read_out(bool& ended) {
  return read_some(out_.get(), ended);
}

bool ChildProcess::read_err() {
  bool ended = false;
  complaints_ += read_some(err_.get(), ended);
  if (complaints_.size() > kMostComplaints) {
    complaints_.erase(0, complaints_.size() - kMostComplaints);
  }
  return !ended;
}

std::size_t ChildProcess::send(std::string_view bytes) {
  const ssize_t put = ::write(in_.get(), bytes.data(), bytes.size());
  return put < 0 ? 0 : static_cast<std::size_t>(put);
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds patience) {
  const auto deadline = steady_clock::now() + patience;
  while (!is_reaped_) {
    const pid_t got = ::waitpid(pid_, &status_, WNOHANG);
    if (got == pid_ || (got < 0 && errno == ECHILD)) {
      is_reaped_ = true;
    } else if (steady_clock::now() >= deadline) {
      return std::nullopt;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  return status_;
}

void ChildProcess::end() {
  if (pid_ < 0 || is_reaped_) return;
  ::kill(-pid_, SIGTERM);
  // Twice is at once, for a Skiff.
  ::kill(-pid_, SIGTERM);
  if (wait(std::chrono::seconds(2))) return;
  ::kill(-pid_, SIGKILL);
  wait(std::chrono::seconds(5));
}

}  // namespace skiff::bench
