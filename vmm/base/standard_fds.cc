#include "vmm/base/standard_fds.h"

#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

namespace skiff {

void reserve_standard_fds() noexcept {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free descriptor is this one: those below it are open by now.
    [[maybe_unused]] const int opened =
        ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace skiff
