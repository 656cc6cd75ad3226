// Bells (DiskQueue::set_bells) of a queue that has no ring of its own: the executor watches them.
// Thread rule: as DiskQueue.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vmm/disk/disk_backend.h"

namespace skiff {

class WatchedBells {
 public:
  WatchedBells(Executor& executor, DiskQueueClient& client)
      : executor_(executor), client_(client) {}

  bool set(std::span<const int> eventfds) {
    watches_.clear();
    for (std::size_t bell = 0; bell < eventfds.size(); ++bell) {
      auto watch = executor_.watch(eventfds[bell], Readiness::readable,
                                   [this, bell, fd = eventfds[bell]] { heard(bell, fd); });
      if (watch == nullptr) {
        watches_.clear();
        return false;
      }
      watches_.push_back(std::move(watch));
    }
    return true;
  }

 private:
  void heard(std::size_t bell, int fd) {
    std::uint64_t rings = 0;
    if (::read(fd, &rings, sizeof rings) != sizeof rings) return;
    client_.on_disk_bell(bell);
    client_.on_disk_wake();
  }

  Executor& executor_;
  DiskQueueClient& client_;
  std::vector<std::unique_ptr<Watch>> watches_;
};

}  // namespace skiff
