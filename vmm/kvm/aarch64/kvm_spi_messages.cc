#include "vmm/kvm/aarch64/kvm_spi_messages.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "vmm/base/event_fd.h"
#include "vmm/base/mutex.h"
#include "vmm/kvm/aarch64/register_ids.h"
#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_error.h"

namespace skiff {

class KvmSpiMessages::Vector final : public MsiVector {
 public:
  explicit Vector(const KvmSpiMessages& messages) : messages_(messages) {}
  ~Vector() override {
    if (spi_ != kNone) wire(spi_, false);
  }

  std::expected<void, std::string> set_message(const MsiMessage& message) override {
    MutexLock lock(mutex_);
    const std::uint32_t spi = messages_.spi_of(message);
    if (spi == spi_) return {};
    if (spi_ != kNone) wire(spi_, false);
    spi_ = kNone;
    if (spi == kNone) return {};
    // What was triggered while there was no message is lost; the kernel would deliver it now.
    event_.consume();
    if (!wire(spi, true)) {
      return std::unexpected(fmt::format("KVM_IRQFD of SPI {}: {}", spi, std::strerror(errno)));
    }
    spi_ = spi;
    return {};
  }
  void trigger() noexcept override { event_.signal(); }
  int trigger_fd() const noexcept override { return event_.fd(); }

 private:
  bool wire(std::uint32_t spi, bool assign) const {
    kvm_irqfd argument{};
    argument.fd = static_cast<std::uint32_t>(event_.fd());
    argument.gsi = spi;
    argument.flags = assign ? 0 : KVM_IRQFD_FLAG_DEASSIGN;
    return kvm_ioctl(messages_.vm_.fd(), KVM_IRQFD, &argument) == 0;
  }

  const KvmSpiMessages& messages_;
  const EventFd event_;
  Mutex mutex_;
  std::uint32_t spi_ = kNone;  // guarded by mutex_; the destructor has it alone
};

std::unique_ptr<MsiVector> KvmSpiMessages::create_vector() {
  return std::make_unique<Vector>(*this);
}

std::uint32_t KvmSpiMessages::spi_of(const MsiMessage& message) const {
  if (message.address != doorbell_) return kNone;
  const std::uint32_t spi = message.data - arm64::kFirstSpi;
  return spi - first_spi_ < count_ ? spi : kNone;
}

void KvmSpiMessages::send(const MsiMessage& message) noexcept {
  if (const std::uint32_t spi = spi_of(message); spi != kNone) pulse(spi);
}

void KvmSpiMessages::pulse(std::uint32_t spi) const noexcept {
  kvm_irq_level argument{};
  argument.irq = arm64::spi_line(spi);
  for (const std::uint32_t level : {1U, 0U}) {
    argument.level = level;
    kvm_ioctl(vm_.fd(), KVM_IRQ_LINE, &argument);
  }
}

}  // namespace skiff
