// Message interrupts on a GICv2, as a GICv2m frame makes them: a message to the frame is an edge on
// the shared peripheral interrupt its data name.
//
//   MsiVector -> eventfd -> irqfd of that SPI (the vGIC routes every SPI by itself)
//
// Source: ARM DEN 0029, appendix E; Linux Documentation/virt/kvm/api.rst 4.75;
// arch/arm64/kvm/vgic/vgic-irqfd.c (GSI n is SPI n).
#pragma once

#include <cstdint>
#include <memory>

#include "vmm/io/msi.h"
#include "vmm/kvm/kvm_vm.h"

namespace skiff {

// Thread rule: any thread. Outlives its vectors.
class KvmSpiMessages final : public MsiSink {
 public:
  // `doorbell`: the guest-physical address of MSI_SETSPI_NS. The frame has `count` SPIs from
  // `first_spi` on, counted from 0.
  KvmSpiMessages(const KvmVm& vm, std::uint64_t doorbell, std::uint32_t first_spi,
                 std::uint32_t count)
      : vm_(vm), doorbell_(doorbell), first_spi_(first_spi), count_(count) {}

  std::unique_ptr<MsiVector> create_vector() override;
  // A message to elsewhere, or with other data, is dropped.
  void send(const MsiMessage& message) noexcept override;
  // An edge on this SPI, one of the frame's.
  void pulse(std::uint32_t spi) const noexcept;

 private:
  class Vector;
  static constexpr std::uint32_t kNone = ~0U;
  // The SPI that a message means, or kNone.
  std::uint32_t spi_of(const MsiMessage& message) const;

  const KvmVm& vm_;
  const std::uint64_t doorbell_;
  const std::uint32_t first_spi_;
  const std::uint32_t count_;
};

}  // namespace skiff
