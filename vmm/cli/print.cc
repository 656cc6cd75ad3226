#include "vmm/cli/print.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "vmm/base/error.h"
#include "vmm/base/exit_status.h"

namespace skiff {

int print_all(std::string_view text) {
  // A closed pipe becomes EPIPE instead of a signal.
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EPIPE) break;
    if (written < 0) throw HostError::from_errno("cannot write to stdout", errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return exit_status::kPoweredOff;
}

}  // namespace skiff
