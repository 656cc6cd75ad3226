// The processor's end of interrupt controllers that live in Skiff: what the thread of a vCPU has to
// ask, and to tell, when the kernel does not do it. With all controllers in the kernel both are
// null.
//
//   8259 pair -> INTR -> ExternalInterrupt <- the vCPU's thread: asserted()? then acknowledge()
//   local APIC in the kernel -> EOI exit -> EndOfInterruptSink -> IOAPIC
#pragma once

#include <cstdint>
#include <functional>

namespace skiff {

// The INTR input of one processor. Thread rule: acknowledge by the vCPU's thread, all else by any.
class ExternalInterrupt {
 public:
  virtual ~ExternalInterrupt() = default;
  // The controller has an interrupt for the processor. Cheap: asked before each entry of the guest.
  virtual bool asserted() const noexcept = 0;
  // The processor's interrupt acknowledge cycles: the vector. If the request has gone since
  // asserted() was asked, what the controller gives then (8259A: IR7).
  virtual std::uint8_t acknowledge() noexcept = 0;
  // `listener` is called each time the input rises, after asserted() has become true, from any
  // thread, with no controller's state locked. Empty: nobody; when that returns, no call of the
  // earlier listener is under way.
  virtual void set_listener(std::function<void()> listener) = 0;
};

// Who wants to know that a processor has ended a level-triggered interrupt. Thread rule: any.
class EndOfInterruptSink {
 public:
  virtual ~EndOfInterruptSink() = default;
  virtual void end_of_interrupt(std::uint8_t vector) noexcept = 0;
};

struct ProcessorInterrupts {
  ExternalInterrupt* external = nullptr;
  EndOfInterruptSink* end_of_interrupt = nullptr;
};

}  // namespace skiff
