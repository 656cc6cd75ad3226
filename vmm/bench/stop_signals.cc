#include "vmm/bench/stop_signals.h"

#include <sys/signalfd.h>

#include <cerrno>

#include "vmm/base/error.h"

namespace skiff::bench {

StopSignals::StopSignals() {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    ::sigaddset(&wanted, number);
  fd_ = Fd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) throw HostError::from_errno("cannot wait for signals", errno);
  ::sigprocmask(SIG_BLOCK, &wanted, &before_);
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &pipe_before_);
}

StopSignals::~StopSignals() {
  ::sigaction(SIGPIPE, &pipe_before_, nullptr);
  received();
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int StopSignals::received() {
  signalfd_siginfo info{};
  if (received_ == 0 && ::read(fd_.get(), &info, sizeof info) == sizeof info) {
    received_ = static_cast<int>(info.ssi_signo);
  }
  return received_;
}

}  // namespace skiff::bench
