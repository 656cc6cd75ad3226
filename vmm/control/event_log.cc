#include "vmm/control/event_log.h"

#include <utility>

namespace skiff {

void EventLog::publish(std::string_view kind, std::string_view detail) {
  last_.push_back({.kind = std::string(kind),
                   .detail = std::string(detail.substr(0, kLongestDetail)),
                   .at = std::chrono::system_clock::now(),
                   .number = ++count_});
  if (last_.size() > kKept) last_.pop_front();
  std::erase_if(listeners_, [](const auto& listener) { return listener.expired(); });
  // By copies: a listener may subscribe, end subscriptions, or publish.
  const VmEvent event = last_.back();
  for (const auto& each : std::vector(listeners_)) {
    if (const auto listener = each.lock()) (*listener)(event);
  }
}

std::shared_ptr<void> EventLog::subscribe(std::uint64_t after, Listener listener) {
  auto token = std::make_shared<Listener>(std::move(listener));
  for (const VmEvent& event : std::deque(last_)) {
    if (event.number > after) (*token)(event);
  }
  listeners_.push_back(token);
  return token;
}

}  // namespace skiff
