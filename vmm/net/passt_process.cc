#include "vmm/net/passt_process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "vmm/base/error.h"
#include "vmm/base/log.h"

namespace skiff {
namespace {

constexpr int kChildSocket = 3;
constexpr int kSocketBuffer = 4 * 1024 * 1024;  // asked for; the host's limit cuts it

struct SpawnActions {
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};

  SpawnActions() {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnActions() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
};

// 0 or an error number.
int spawn(const std::string& program, const std::vector<std::string>& arguments, int socket,
          int messages, pid_t& pid) {
  SpawnActions actions;
  ::posix_spawn_file_actions_addopen(&actions.files, STDIN_FILENO, "/dev/null", O_RDWR, 0);
  ::posix_spawn_file_actions_adddup2(&actions.files, STDIN_FILENO, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions.files, messages, STDERR_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions.files, socket, kChildSocket);
  // A session of its own: the terminal's signals are for Skiff, which ends its children itself.
  ::posix_spawnattr_setflags(&actions.attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&actions.attributes, &none);
  sigset_t all;
  ::sigfillset(&all);
  ::posix_spawnattr_setsigdefault(&actions.attributes, &all);

  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  return ::posix_spawn(&pid, program.c_str(), &actions.files, &actions.attributes, argv.data(),
                       environ);
}

// A descriptor of its own above the child's three and its socket, so that dup2 in the child never
// overwrites a source. Close-on-exec.
Fd raise_above_child(Fd fd) {
  if (fd.get() > kChildSocket) return fd;
  return Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kChildSocket + 1));
}

}  // namespace

std::string find_passt() {
  const char* const path = std::getenv("PATH");
  std::string_view folders = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (!folders.empty()) {
    const auto colon = folders.find(':');
    const std::string_view folder = folders.substr(0, colon);
    folders.remove_prefix(colon == std::string_view::npos ? folders.size() : colon + 1);
    if (!folder.starts_with('/')) continue;
    std::string program = fmt::format("{}/passt", folder);
    if (::access(program.c_str(), X_OK) == 0) return program;
  }
  return {};
}

std::vector<std::string> passt_arguments(const std::vector<ForwardRule>& forward, std::uint16_t mtu,
                                         int socket) {
  std::vector<std::string> arguments = {
      "passt", "--foreground",        "--stderr", "--fd", fmt::format("{}", socket),
      "--mtu", fmt::format("{}", mtu)};
  for (const ForwardRule& rule : forward) {
    arguments.emplace_back(rule.protocol == ForwardRule::Protocol::tcp ? "--tcp-ports"
                                                                       : "--udp-ports");
    const auto ports = [&rule](std::uint16_t first) {
      return rule.count == 1 ? fmt::format("{}", first)
                             : fmt::format("{}-{}", first, first + rule.count - 1);
    };
    arguments.push_back(
        fmt::format("{}/{}:{}", rule.host_address, ports(rule.host_port), ports(rule.guest_port)));
  }
  return arguments;
}

PasstProcess::PasstProcess(const std::string& program, const std::vector<ForwardRule>& forward,
                           std::uint16_t mtu) {
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
    throw HostError::from_errno("cannot make a socket for passt", errno);
  }
  socket_ = Fd(sockets[0]);
  const Fd theirs = raise_above_child(Fd(sockets[1]));
  std::array<int, 2> pipes{};
  if (::pipe2(pipes.data(), O_CLOEXEC) != 0) {
    throw HostError::from_errno("cannot make a pipe for passt's messages", errno);
  }
  messages_ = Fd(pipes[0]);
  const Fd said = raise_above_child(Fd(pipes[1]));
  if (!theirs || !said) throw HostError::from_errno("cannot start passt", errno);
  ::fcntl(messages_.get(), F_SETFL, O_NONBLOCK);
  for (const int fd : {socket_.get(), theirs.get()})
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSocketBuffer, sizeof kSocketBuffer);

  const int error =
      spawn(program, passt_arguments(forward, mtu, kChildSocket), theirs.get(), said.get(), pid_);
  if (error != 0) {
    pid_ = -1;
    throw HostError::from_errno("cannot start " + program, error);
  }
}

PasstProcess::~PasstProcess() {
  socket_.reset();
  if (pid_ < 0) return;
  ::kill(pid_, SIGTERM);
  if (wait(1000)) return;
  ::kill(pid_, SIGKILL);
  wait(-1);
}

bool PasstProcess::wait(int milliseconds) {
  if (pid_ < 0) return true;
  // Not every host has pidfd_open; without it the wait may be a long one.
  const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (pidfd && milliseconds >= 0) {
    pollfd polled{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
    if (::poll(&polled, 1, milliseconds) == 0) return false;
  }
  while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return true;
}

bool PasstProcess::log_messages() {
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = ::read(messages_.get(), buffer.data(), buffer.size());
    if (count <= 0) {
      if (count < 0 && errno == EINTR) continue;
      return count < 0 && errno == EAGAIN;
    }
    for (const char character : std::string_view(buffer.data(), static_cast<std::size_t>(count))) {
      if (character != '\n' && line_.size() < 500) {
        line_.push_back(character);
        continue;
      }
      // Where there is no system log it complains of every message.
      if (!line_.empty() && !line_.starts_with("Failed to send ")) {
        log_debug("passt: {}", line_);
        last_ = line_;
      }
      line_.clear();
    }
  }
}

std::string PasstProcess::last_words() {
  const bool ended = wait(200);
  log_messages();
  if (!ended) return last_.empty() ? "it has closed the connection" : last_;
  const std::string how = WIFSIGNALED(status_)
                              ? fmt::format("ended by signal {}", WTERMSIG(status_))
                              : fmt::format("ended with status {}", WEXITSTATUS(status_));
  return last_.empty() ? how : fmt::format("{} ({})", last_, how);
}

}  // namespace skiff
