// What has happened to a VM, and who wants to hear of it.
// Thread rule: main thread. A listener may end any subscription, its own included.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/control/vm_control.h"

namespace skiff {

class EventLog {
 public:
  static constexpr std::size_t kKept = 64;
  static constexpr std::size_t kLongestDetail = 1024;  // [bytes]; more is cut
  using Listener = std::function<void(const VmEvent&)>;

  void publish(std::string_view kind, std::string_view detail = {});
  // VmControl::subscribe.
  std::shared_ptr<void> subscribe(std::uint64_t after, Listener listener);

 private:
  std::deque<VmEvent> last_;
  std::uint64_t count_ = 0;
  std::vector<std::weak_ptr<Listener>> listeners_;
};

}  // namespace skiff
