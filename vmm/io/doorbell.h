// "Call me when the guest writes here": an ioeventfd in production, a plain call in a test.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "vmm/base/event_fd.h"
#include "vmm/io/hw_description.h"

namespace skiff {

// A register whose writes are taken by the kernel instead of an exit.
struct DoorbellAddress {
  IoSpace space = IoSpace::mmio;
  std::uint64_t address = 0;
  std::uint8_t width = 0;                // 0: any width
  std::optional<std::uint64_t> value{};  // only writes of this value; nothing: every write
};

// Attached as long as it lives.
class Doorbell {
 public:
  virtual ~Doorbell() = default;
};

class DoorbellRegistry {
 public:
  virtual ~DoorbellRegistry() = default;
  // From now on a matching guest write signals `event` and does not reach the bus. The error is the
  // host's refusal; the device then keeps being called through the bus. `event` outlives the
  // Doorbell: detaching names it again. Thread rule: any thread.
  virtual std::expected<std::unique_ptr<Doorbell>, std::string> attach(
      const DoorbellAddress& address, const EventFd& event) = 0;
};

}  // namespace skiff
