#include "vmm/control/start_report.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>

#include "vmm/base/error.h"
#include "vmm/base/exit_status.h"

namespace skiff {
namespace {

void leave_terminal() {
  ::setsid();
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::dup2(null.get(), fd);
  ::signal(SIGPIPE, SIG_IGN);
}

std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

// The child has gone without a report.
int status_of(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const std::string how = WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                              : fmt::format("status {}", WEXITSTATUS(status));
  std::fprintf(stderr, "skiff: the VM's process ended (%s) before the guest was running\n",
               how.c_str());
  return exit_status::kHost;
}

}  // namespace

void StartReport::send(int status, std::string_view text) {
  if (!pipe_) return;
  std::string message(1, static_cast<char>(status));
  message += text;
  for (std::string_view rest = message; !rest.empty();) {
    const ssize_t written = ::write(pipe_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;  // nobody waits any more
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  pipe_.reset();
}

std::variant<int, StartReport> detach() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw HostError::from_errno("cannot create a pipe", errno);
  Fd reading(ends[0]);
  Fd writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) throw HostError::from_errno("cannot start the VM's process", errno);
  if (child == 0) {
    reading.reset();
    leave_terminal();
    return StartReport(std::move(writing));
  }
  writing.reset();
  const std::string report = read_all(reading.get());
  if (report.empty()) return status_of(child);
  const std::string_view why = std::string_view(report).substr(1);
  if (!why.empty()) {
    std::fprintf(stderr, "%.*s%s", static_cast<int>(why.size()), why.data(),
                 why.ends_with('\n') ? "" : "\n");
  }
  return static_cast<unsigned char>(report[0]);
}

}  // namespace skiff
