// Message-signalled interrupts (PCI Local Bus 3.0, 6.8): a device's vectors, and who delivers them.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

namespace skiff {

// What a function writes to interrupt: an address and data the guest chose. `device_id` names the
// sender to controllers that need it (GICv3 ITS: the PCI requester id); 0 elsewhere.
struct MsiMessage {
  std::uint64_t address = 0;
  std::uint32_t data = 0;
  std::uint32_t device_id = 0;

  friend bool operator==(const MsiMessage&, const MsiMessage&) = default;
};

// One vector with a route into the controller. Thread rule: any thread.
class MsiVector {
 public:
  virtual ~MsiVector() = default;
  // Takes a route the first time; a message the guest left at zero costs nothing. The error is the
  // host's refusal (routing table full); the vector then delivers nothing.
  virtual std::expected<void, std::string> set_message(const MsiMessage& message) = 0;
  // Delivers the current message once. No lock, no allocation.
  virtual void trigger() noexcept = 0;
  // An eventfd that triggers the vector when written (irqfd), or -1 where there is none; lets a
  // kernel back-end interrupt without passing through Skiff. Valid after set_message.
  virtual int trigger_fd() const noexcept = 0;
};

class MsiSink {
 public:
  virtual ~MsiSink() = default;
  // False: the machine has nobody who takes messages, and functions offer none.
  virtual bool is_available() const { return true; }
  virtual std::unique_ptr<MsiVector> create_vector() = 0;
  // Delivers a message that has no vector of its own, now.
  virtual void send(const MsiMessage& message) noexcept = 0;
};

}  // namespace skiff
