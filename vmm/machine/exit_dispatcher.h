// A VcpuExit to its handler: ports and MMIO to the buses, ends of interrupts to the IOAPIC,
// everything else to the verdict.
#pragma once

#include <cstdint>
#include <optional>

#include "vmm/io/io_bus.h"
#include "vmm/io/processor_interrupts.h"
#include "vmm/kvm/vcpu_exit.h"
#include "vmm/machine/exit_ledger.h"

namespace skiff {

enum class Verdict {
  enter,  // handled: enter the guest again
  retry,  // a device was busy: wait a moment, then dispatch the same exit again
  end,    // the guest, or KVM under it, has come to an end: a SystemEvent or Fatal
};

// One per vCPU, used by its thread only.
class ExitDispatcher {
 public:
  // `end_of_interrupt` may be null: no controller of the machine wants to know.
  ExitDispatcher(IoBus& ports, IoBus& mmio, ExitLedger& ledger,
                 EndOfInterruptSink* end_of_interrupt = nullptr)
      : ports_(ports),
        mmio_(mmio),
        port_reader_(ports),
        mmio_reader_(mmio),
        ledger_(ledger),
        end_of_interrupt_(end_of_interrupt) {}

  // `key` comes back as whom the exit was for; the caller times it.
  Verdict dispatch(VcpuExit& exit, ExitKey& key) noexcept;

 private:
  Verdict handle(PortIo& io, ExitKey& key) noexcept;
  Verdict handle(Mmio& access, ExitKey& key) noexcept;

  IoBus& ports_;
  IoBus& mmio_;
  IoBus::Reader port_reader_;
  IoBus::Reader mmio_reader_;
  ExitLedger& ledger_;
  EndOfInterruptSink* const end_of_interrupt_;
  // Elements already done of the exit that is being tried again.
  std::size_t done_ = 0;
};

}  // namespace skiff
