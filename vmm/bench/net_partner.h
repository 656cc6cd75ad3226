// Who is at the other end of a network card's cable while bench-net measures (docs/guest.md, "The
// partner of bench-net"): floods, or sends back, as the guest's frames ask.
//
// It is a process of its own in a network namespace of its own, so that nothing of it is seen on
// the host, and so that a user without privileges can have a tap: with root's rights if we have
// them, else in a user namespace, where the host allows that.
//
// Thread rule: one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vmm/base/fd.h"

namespace skiff::bench {

class NetPartner {
 public:
  // `cpus`: where it runs; none: anywhere. Throws HostError, with why the host has no tap for us.
  explicit NetPartner(const std::vector<int>& cpus);
  ~NetPartner();
  NetPartner(const NetPartner&) = delete;
  NetPartner& operator=(const NetPartner&) = delete;

  // The tap, for `[[net]] fd`; -1 once it is left.
  int tap() const { return tap_.get(); }
  // Leaves the tap to whoever opens it by its name (kTapName) in our network namespace. Throws
  // HostError.
  void leave_tap();
  // The process in whose namespaces the tap is.
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  Fd tap_;
};

}  // namespace skiff::bench
