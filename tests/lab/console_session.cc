#include "tests/lab/console_session.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace skiff::lab {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kRestOfALine{500};

std::runtime_error failure(const char* what) {
  return std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

[[noreturn]] void become(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  perror(arguments[0]);
  _exit(127);
}

void write_all(int fd, const char* bytes, size_t count) {
  while (count > 0) {
    const ssize_t written = write(fd, bytes, count);
    if (written <= 0) return;
    bytes += written;
    count -= static_cast<size_t>(written);
  }
}

}  // namespace

ConsoleSession::ConsoleSession(const std::vector<std::string>& command, bool terminal, int copy_to)
    : terminal_(terminal), copy_to_(copy_to) {
  if (terminal) {
    child_ = forkpty(&from_child_, nullptr, nullptr, nullptr);
    if (child_ < 0) throw failure("forkpty");
    if (child_ == 0) become(command);
    to_child_ = from_child_;
  } else {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (pipe2(in.data(), O_CLOEXEC) < 0 || pipe2(out.data(), O_CLOEXEC) < 0) throw failure("pipe2");
    child_ = fork();
    if (child_ < 0) throw failure("fork");
    if (child_ == 0) {
      dup2(in[0], STDIN_FILENO);
      dup2(out[1], STDOUT_FILENO);
      become(command);
    }
    ::close(in[0]);
    ::close(out[1]);
    to_child_ = in[1];
    from_child_ = out[0];
  }
  fcntl(to_child_, F_SETFL, O_NONBLOCK);
}

ConsoleSession::~ConsoleSession() {
  if (child_ > 0) {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  close_input();
  ::close(from_child_);
}

ConsoleSession::Event ConsoleSession::take_in(Clock::time_point deadline, bool want_to_write) {
  std::array<pollfd, 2> files = {
      {{ended_ ? -1 : from_child_, POLLIN, 0}, {want_to_write ? to_child_ : -1, POLLOUT, 0}}};
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  if (left.count() < 0) return Event::timeout;
  if (poll(files.data(), files.size(), static_cast<int>(left.count()) + 1) <= 0)
    return Event::timeout;
  if (files[0].revents != 0) {
    std::array<char, 4096> bytes{};
    const ssize_t count = read(from_child_, bytes.data(), bytes.size());
    if (count <= 0) {  // a pseudo-terminal ends in EIO
      ended_ = true;
      return Event::end;
    }
    output_.append(bytes.data(), static_cast<size_t>(count));
    write_all(copy_to_, bytes.data(), static_cast<size_t>(count));
  }
  return Event::output;
}

std::optional<std::string> ConsoleSession::rejected() const {
  for (const Reject& reject : rejects_) {
    if (output_.find(reject.text, reject.from) != std::string::npos) return reject.text;
  }
  return std::nullopt;
}

bool ConsoleSession::expect(std::string_view text, std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  for (;;) {
    const size_t at = output_.find(text, matched_);
    if (at != std::string::npos) {
      matched_ = at + text.size();
      return true;
    }
    if (rejected()) {
      listen(kRestOfALine);
      return false;
    }
    if (ended_ || take_in(deadline, false) == Event::timeout) return false;
  }
}

bool ConsoleSession::send(std::string_view text, std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  while (!text.empty()) {
    const ssize_t count = write(to_child_, text.data(), text.size());
    if (count > 0) {
      text.remove_prefix(static_cast<size_t>(count));
    } else if (count < 0 && errno != EAGAIN && errno != EINTR) {
      return false;
    } else if (take_in(deadline, true) == Event::timeout) {
      return false;
    }
  }
  return true;
}

void ConsoleSession::close_input() {
  if (to_child_ >= 0 && !terminal_) ::close(to_child_);
  to_child_ = -1;
}

void ConsoleSession::signal(int number) {
  if (child_ > 0) kill(child_, number);
}

void ConsoleSession::listen(std::chrono::milliseconds span) {
  const auto deadline = Clock::now() + span;
  while (take_in(deadline, false) != Event::timeout) {
  }
}

std::optional<int> ConsoleSession::wait_exit(std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  do {
    int status = 0;
    if (waitpid(child_, &status, WNOHANG) == child_) {
      child_ = -1;
      while (!ended_ &&
             take_in(Clock::now() + std::chrono::milliseconds(200), false) == Event::output) {
      }
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    take_in(std::min(deadline, Clock::now() + std::chrono::milliseconds(20)), false);
  } while (Clock::now() < deadline);
  return std::nullopt;
}

}  // namespace skiff::lab
