// A VcpuExit to its handler: ports and MMIO to the buses, everything else to the verdict.
#pragma once

#include <cstdint>
#include <optional>

#include "vmm/io/io_bus.h"
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
  ExitDispatcher(IoBus& ports, IoBus& mmio, ExitLedger& ledger)
      : ports_(ports), mmio_(mmio), port_reader_(ports), mmio_reader_(mmio), ledger_(ledger) {}

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
  // Elements already done of the exit that is being tried again.
  std::size_t done_ = 0;
};

}  // namespace skiff
