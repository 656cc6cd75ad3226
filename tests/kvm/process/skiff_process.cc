#include "tests/kvm/process/skiff_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <sstream>

namespace skiff::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    read = Fd(ends[0]);
    write = Fd(ends[1]);
  }
  Fd read;
  Fd write;
};

bool collect(int fd, std::string& into) {
  char buffer[16384];
  const ssize_t count = ::read(fd, buffer, sizeof buffer);
  if (count > 0) into.append(buffer, static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

// In the child: descriptors above 2 first, so that none is overwritten before it is used.
int above_standard(const Plug& plug, int pipe_end) {
  if (plug.kind == Plug::Kind::closed) return -1;
  return ::fcntl(plug.kind == Plug::Kind::pipe ? pipe_end : plug.fd, F_DUPFD_CLOEXEC, 10);
}

void place(int from, int to) {
  ::close(to);
  if (from >= 0) ::dup2(from, to);
}

}  // namespace

void PrintTo(const Ending& ending, std::ostream* stream) {
  if (ending.timed_out) {
    *stream << "still running";
  } else if (ending.signal != 0) {
    *stream << "killed by signal " << ending.signal;
  } else {
    *stream << "exit status " << ending.status;
  }
}

bool operator==(const Ending& ending, int status) {
  return !ending.timed_out && ending.signal == 0 && ending.status == status;
}

SkiffProcess::SkiffProcess(const std::vector<std::string>& arguments,
                           const ProcessOptions& options) {
  Pipe in;
  Pipe out;
  Pipe err;
  std::vector<char*> words = {const_cast<char*>(SKIFF_PROGRAM)};
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    // What the test runner ignores or blocks is not what a shell would hand on.
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTOU})
      ::signal(number, SIG_DFL);
    if (options.terminal >= 0) {
      ::setsid();
      ::ioctl(options.terminal, TIOCSCTTY, 0);
      for (int fd = 0; fd < 3; ++fd)
        ::dup2(options.terminal, fd);
    } else {
      const int from[] = {above_standard(options.in, in.read.get()),
                          above_standard(options.out, out.write.get()),
                          above_standard(options.err, err.write.get())};
      for (int fd = 0; fd < 3; ++fd)
        place(from[fd], fd);
    }
    if (options.in_child && !options.in_child()) ::_exit(99);
    ::execv(SKIFF_PROGRAM, words.data());
    ::_exit(98);
  }
  if (options.terminal < 0) {
    if (options.in.kind == Plug::Kind::pipe) in_pipe_ = std::move(in.write);
    if (options.out.kind == Plug::Kind::pipe) out_pipe_ = std::move(out.read);
    if (options.err.kind == Plug::Kind::pipe) err_pipe_ = std::move(err.read);
  }
  out_fd_ = out_pipe_.get();
}

SkiffProcess::~SkiffProcess() {
  if (pid_ <= 0 || reaped_) return;
  ::kill(pid_, SIGKILL);
  ::kill(pid_, SIGCONT);
  ::waitpid(pid_, nullptr, 0);
}

void SkiffProcess::kill(int signal_number) const {
  if (!reaped_) ::kill(pid_, signal_number);
}

void SkiffProcess::close_output() {
  out_fd_ = -1;
  out_pipe_.reset();
}

void SkiffProcess::pump(int timeout_ms) {
  pollfd waiting[2] = {{out_fd_, POLLIN, 0}, {err_pipe_.get(), POLLIN, 0}};
  ::poll(waiting, 2, timeout_ms);
  if (waiting[0].revents != 0 && !collect(out_fd_, out_)) out_fd_ = -1;
  if (waiting[1].revents != 0 && !collect(err_pipe_.get(), err_)) err_pipe_.reset();
}

bool SkiffProcess::pump_until(const std::function<bool()>& done,
                              std::chrono::milliseconds patience) {
  const auto end = Clock::now() + patience;
  while (!done()) {
    if (Clock::now() > end) return false;
    pump(5);
  }
  return true;
}

bool SkiffProcess::send(std::string_view text) {
  ::fcntl(in_pipe_.get(), F_SETFL, O_NONBLOCK);  // the test's end; the child's is another
  return pump_until(
      [&] {
        const ssize_t count = ::write(in_pipe_.get(), text.data(), text.size());
        if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
        return text.empty();
      },
      kPatience);
}

bool SkiffProcess::expect_out(std::string_view text, std::chrono::milliseconds patience) {
  return pump_until([&] { return out_.find(text) != std::string::npos; }, patience);
}

bool SkiffProcess::expect_err(std::string_view text, std::chrono::milliseconds patience) {
  return pump_until([&] { return err_.find(text) != std::string::npos; }, patience);
}

void SkiffProcess::run_for(std::chrono::milliseconds time) {
  pump_until([] { return false; }, time);
}

Ending SkiffProcess::wait(std::chrono::milliseconds patience) {
  const bool ended = reaped_ || pump_until(
                                    [this] {
                                      reaped_ = ::waitpid(pid_, &wait_status_, WNOHANG) == pid_;
                                      return reaped_;
                                    },
                                    patience);
  if (!ended) return {.timed_out = true};
  // What is still in the pipes. A terminal's master has no end that could be waited for.
  for (std::size_t before = 0; before != out_.size() + err_.size() + 1;) {
    before = out_.size() + err_.size() + 1;
    pump(20);
  }
  if (WIFSIGNALED(wait_status_)) return {.signal = WTERMSIG(wait_status_)};
  return {.status = WEXITSTATUS(wait_status_)};
}

bool SkiffProcess::wait_until_stopped(std::chrono::milliseconds patience) {
  return pump_until(
      [this] {
        siginfo_t change{};
        // An end is left for wait() to find.
        return ::waitid(P_PID, static_cast<id_t>(pid_), &change, WSTOPPED | WNOHANG) == 0 &&
               change.si_pid == pid_;
      },
      patience);
}

Finished run_skiff(const std::vector<std::string>& arguments, const ProcessOptions& options,
                   std::chrono::milliseconds patience) {
  SkiffProcess process(arguments, options);
  if (options.in.kind == Plug::Kind::pipe) process.close_input();
  Finished finished;
  finished.ending = process.wait(patience);
  finished.out = process.out();
  finished.err = process.err();
  return finished;
}

std::string guest_path(const std::string& program) {
  return std::string(SKIFF_GUESTS) + "/" + program;
}

std::vector<std::string> guest_arguments(const std::string& program,
                                         const std::string& command_line,
                                         const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"run", "--kernel", guest_path(program), "--memory", "32M"};
  if (!command_line.empty()) arguments.insert(arguments.end(), {"--cmdline", command_line});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TemporaryFolder::TemporaryFolder() : path_(testing::TempDir() + "skiff-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) std::abort();
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::write(const std::string& name, std::string_view content) const {
  std::ofstream(file(name), std::ios::binary) << content;
  return file(name);
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

long status_value(pid_t pid, const std::string& key) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return std::strtol(line.c_str() + key.size(), nullptr, 10);
  }
  return -1;
}

}  // namespace skiff::test
