#include "vmm/kvm/kvm_irq.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "vmm/base/event_fd.h"
#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_error.h"
#include "vmm/kvm/kvm_list.h"

namespace skiff {
namespace {

kvm_irq_routing_entry msi_entry(std::uint32_t gsi, const MsiMessage& message) {
  kvm_irq_routing_entry entry{};
  entry.gsi = gsi;
  entry.type = KVM_IRQ_ROUTING_MSI;
  entry.u.msi.address_lo = static_cast<std::uint32_t>(message.address);
  entry.u.msi.address_hi = static_cast<std::uint32_t>(message.address >> 32);
  entry.u.msi.data = message.data;
  if (message.device_id != 0) {
    entry.flags = KVM_MSI_VALID_DEVID;
    entry.u.msi.devid = message.device_id;
  }
  return entry;
}

bool set_irqfd(int vm_fd, int event_fd, std::uint32_t gsi, bool assign) {
  kvm_irqfd argument{};
  argument.fd = static_cast<std::uint32_t>(event_fd);
  argument.gsi = gsi;
  argument.flags = assign ? 0 : KVM_IRQFD_FLAG_DEASSIGN;
  return kvm_ioctl(vm_fd, KVM_IRQFD, &argument) == 0;
}

}  // namespace

void KvmIrqPin::set_level(bool asserted) noexcept {
  kvm_irq_level argument{};
  argument.irq = gsi_;
  argument.level = asserted ? 1 : 0;
  // Fails only for a GSI the chip does not have, which the board never hands out.
  kvm_ioctl(vm_fd_, KVM_IRQ_LINE, &argument);
}

void KvmIrqPin::set_eoi_handler(std::function<void()>) {}

class KvmMsiRoutes::Vector final : public MsiVector {
 public:
  explicit Vector(KvmMsiRoutes& routes) : routes_(routes) {}
  ~Vector() override {
    if (gsi_ == kNone) return;
    set_irqfd(routes_.vm_.fd(), event_.fd(), gsi_, false);
    routes_.release(gsi_);
  }

  std::expected<void, std::string> set_message(const MsiMessage& message) override {
    MutexLock lock(mutex_);
    if (gsi_ != kNone) return routes_.change(gsi_, message);
    if (message.address == 0 && message.data == 0) return {};
    const auto gsi = routes_.allocate(message);
    if (!gsi) return std::unexpected(gsi.error());
    // What was triggered while there was no message is lost; the kernel would deliver it now.
    event_.consume();
    if (!set_irqfd(routes_.vm_.fd(), event_.fd(), *gsi, true)) {
      const int error = errno;
      routes_.release(*gsi);
      return std::unexpected(fmt::format("KVM_IRQFD: {}", std::strerror(error)));
    }
    gsi_ = *gsi;
    return {};
  }
  void trigger() noexcept override { event_.signal(); }
  int trigger_fd() const noexcept override { return event_.fd(); }

 private:
  static constexpr std::uint32_t kNone = ~0U;

  KvmMsiRoutes& routes_;
  const EventFd event_;
  Mutex mutex_;
  std::uint32_t gsi_ = kNone;  // guarded by mutex_; the destructor has it alone
};

KvmMsiRoutes::KvmMsiRoutes(const KvmVm& vm, std::uint32_t first_gsi, std::uint32_t max_routes,
                           Pins pins)
    : vm_(vm), first_gsi_(first_gsi), max_routes_(max_routes), pins_(pins) {}

KvmMsiRoutes::~KvmMsiRoutes() = default;

std::unique_ptr<MsiVector> KvmMsiRoutes::create_vector() {
  return std::make_unique<Vector>(*this);
}

void KvmMsiRoutes::send(const MsiMessage& message) noexcept {
  kvm_msi argument{};
  argument.address_lo = static_cast<std::uint32_t>(message.address);
  argument.address_hi = static_cast<std::uint32_t>(message.address >> 32);
  argument.data = message.data;
  if (message.device_id != 0) {
    argument.flags = KVM_MSI_VALID_DEVID;
    argument.devid = message.device_id;
  }
  // A message to nobody is the guest's business; real hardware drops it as well.
  kvm_ioctl(vm_.fd(), KVM_SIGNAL_MSI, &argument);
}

std::expected<std::uint32_t, std::string> KvmMsiRoutes::allocate(const MsiMessage& message) {
  MutexLock lock(mutex_);
  std::uint32_t gsi = first_gsi_;
  for (auto used = routes_.lower_bound(first_gsi_); used != routes_.end(); ++used) {
    if (used->first != gsi) break;
    ++gsi;
  }
  if (gsi >= max_routes_) {
    return std::unexpected(
        fmt::format("all {} interrupt routes of this VM are in use", max_routes_));
  }
  routes_.emplace(gsi, message);
  if (auto committed = commit(); !committed) {
    routes_.erase(gsi);
    return std::unexpected(committed.error());
  }
  return gsi;
}

std::expected<void, std::string> KvmMsiRoutes::change(std::uint32_t gsi,
                                                      const MsiMessage& message) {
  MutexLock lock(mutex_);
  MsiMessage& current = routes_[gsi];
  if (current == message) return {};
  const MsiMessage before = std::exchange(current, message);
  auto committed = commit();
  // The kernel still has the old table, and the next try must not look like no change.
  if (!committed) current = before;
  return committed;
}

std::expected<void, std::string> KvmMsiRoutes::set_pin_message(std::uint32_t pin,
                                                               const MsiMessage& message) {
  auto changed = change(pin, message);
  if (changed) return {};
  MutexLock lock(mutex_);
  // Not to be in the next table either, where it was not before.
  if (const auto found = routes_.find(pin); found != routes_.end() && found->second == MsiMessage{})
    routes_.erase(found);
  return changed;
}

void KvmMsiRoutes::release(std::uint32_t gsi) {
  MutexLock lock(mutex_);
  // The stale entry stays in the kernel's table until the next commit; no irqfd refers to it.
  routes_.erase(gsi);
}

std::expected<void, std::string> KvmMsiRoutes::commit() {
  std::vector<kvm_irq_routing_entry> entries;
  if (pins_ == Pins::kernel) entries = default_irq_routes();
  for (const auto& [gsi, message] : routes_)
    entries.push_back(msi_entry(gsi, message));
  KvmList<kvm_irq_routing, kvm_irq_routing_entry> list(entries.size());
  list.header().nr = static_cast<std::uint32_t>(entries.size());
  std::ranges::copy(entries, list.entries().begin());
  if (kvm_ioctl(vm_.fd(), KVM_SET_GSI_ROUTING, list.argument()) != 0) {
    return std::unexpected(fmt::format("KVM_SET_GSI_ROUTING: {}", std::strerror(errno)));
  }
  return {};
}

}  // namespace skiff
