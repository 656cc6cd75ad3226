// Message interrupts on the arm64 board: by the GICv3's ITS, which KVM has in the kernel, or on a
// GICv2 by a GICv2m frame of ours with 64 shared peripheral interrupts.
#pragma once

#include <memory>

#include "devices/intc/gicv2m_frame.h"
#include "vmm/board/board.h"
#include "vmm/kvm/aarch64/kvm_gic.h"
#include "vmm/kvm/aarch64/kvm_spi_messages.h"
#include "vmm/kvm/kvm_irq.h"

namespace skiff {

// Thread rule: created and destroyed while no vCPU runs.
class VirtMessages {
 public:
  VirtMessages(const BoardContext& context, GicVersion version);
  ~VirtMessages();

  MsiSink& sink();
  // Where the GICv2m frame is; empty: there is none.
  Range frame() const;

 private:
  std::unique_ptr<KvmMsiRoutes> routes_;  // GICv3
  std::unique_ptr<KvmSpiMessages> spis_;  // GICv2
  std::unique_ptr<Gicv2mFrame> frame_;
};

}  // namespace skiff
