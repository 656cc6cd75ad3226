// SIGINT, SIGTERM and SIGHUP as a descriptor that can be waited for, while it lives; and SIGPIPE
// ignored: a guest that has gone is an error, not our end.
// Thread rule: the main thread, before there are others.
#pragma once

#include <signal.h>

#include "vmm/base/fd.h"

namespace skiff::bench {

class StopSignals {
 public:
  // Throws HostError.
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  int fd() const { return fd_.get(); }
  // The signal that has come, from then on; else 0.
  int received();

 private:
  sigset_t before_{};
  struct sigaction pipe_before_{};
  Fd fd_;
  int received_ = 0;
};

}  // namespace skiff::bench
