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

  // The tap, for `[[net]] fd`.
  int tap() const { return tap_.get(); }

 private:
  pid_t pid_ = -1;
  Fd tap_;
};

}  // namespace skiff::bench
