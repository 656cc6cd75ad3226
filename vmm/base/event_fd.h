// An eventfd(2): a counter that wakes whoever polls it.
// Thread rule: every method may be called from any thread.
#pragma once

#include "vmm/base/fd.h"

namespace skiff {

class EventFd {
 public:
  // Non-blocking and close-on-exec. Throws HostError when the descriptor limit is reached.
  EventFd();

  int fd() const { return fd_.get(); }
  // Adds one; never blocks (a saturated counter is already a wake-up).
  void signal() const noexcept;
  // Resets the counter to zero; true if it had been signalled.
  bool consume() const noexcept;

 private:
  Fd fd_;
};

}  // namespace skiff
