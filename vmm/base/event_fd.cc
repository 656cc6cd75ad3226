#include "vmm/base/event_fd.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <cstdint>

#include "vmm/base/error.h"

namespace skiff {

EventFd::EventFd() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!fd_) throw HostError::from_errno("cannot create an eventfd", errno);
}

void EventFd::signal() const noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_.get(), &one, sizeof one);
}

bool EventFd::consume() const noexcept {
  std::uint64_t count = 0;
  return ::read(fd_.get(), &count, sizeof count) == sizeof count;
}

}  // namespace skiff
