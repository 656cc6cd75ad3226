#include "virtio/transport/pci_transport.h"

#include <array>

#include "virtio/core/virtio_ids.h"
#include "virtio/transport/virtio_pci_regs.h"
#include "vmm/base/bytes.h"

namespace skiff {
namespace {

using namespace virtio_pci;

constexpr unsigned kRegistersBar = 0;
constexpr unsigned kMsixBar = 1;
static_assert(kNotify + kNotifyMultiplier * TransportState::kMaxQueues <= kBarSize);

// As QEMU has them; drivers go by the device id, this is for people and for boot order.
std::uint32_t class_code(std::uint32_t device_id) {
  switch (device_id) {
    case virtio::kNetwork:
      return 0x02'00'00;  // Ethernet controller
    case virtio::kBlock:
      return 0x01'00'00;  // SCSI storage controller
    case virtio::kConsole:
      return 0x07'80'00;  // other communication controller
    default:
      return 0x00'ff'00;  // none that PCI names
  }
}

PciIdentity identity_of(const VirtioDevice& device) {
  const auto id = static_cast<std::uint16_t>(kFirstDevice + device.device_id());
  return {.vendor = kVendor,
          .device = id,
          .class_code = class_code(device.device_id()),
          .revision = kRevision,
          .subsystem_vendor = kVendor,
          .subsystem = id};
}

DoorbellAddress doorbell_address(std::uint64_t base, std::uint16_t queue) {
  // Any width and value: KVM then needs not look at the instruction.
  return {.space = IoSpace::mmio, .address = base + std::uint64_t{kNotifyMultiplier} * queue};
}

struct VirtioCapability {
  std::uint8_t type;
  std::uint8_t bar;
  std::uint32_t offset;
  std::uint32_t length;
};

// The body of a capability: all but its id and link. `extra`: 4 more bytes.
std::array<std::byte, kCapSize + 2> capability_body(const VirtioCapability& capability,
                                                    bool has_extra, std::uint32_t extra) {
  std::array<std::byte, kCapSize + 2> body{};
  const std::span<std::byte> bytes(body);
  store_le(bytes, 0, static_cast<std::uint8_t>(kCapSize + (has_extra ? 4 : 0)));  // cap_len
  store_le(bytes, 1, capability.type);
  store_le(bytes, kCapBar - 2, capability.bar);
  store_le(bytes, kCapOffset - 2, capability.offset);
  store_le(bytes, kCapLength - 2, capability.length);
  store_le(bytes, kCapSize - 2, extra);
  return body;
}

}  // namespace

PciTransport::PciTransport(VirtioDevice& device, const GuestMemory& memory,
                           const TransportOptions& options, MsiSink& msi,
                           DoorbellRegistry* doorbells)
    : PciFunction(device.name(), identity_of(device)),
      registers_(*this),
      doorbells_(doorbells, doorbell_address),
      config_vector_(kNoVector),
      queue_vectors_(device.queue_sizes().size()),
      state_(device, memory, options, *this) {
  for (auto& vector : queue_vectors_)
    vector.store(kNoVector);
  add_bar(kRegistersBar, {.kind = PciBar::Kind::memory32, .size = kBarSize, .device = &registers_});
  MsixTable& table = add_msix(msi, static_cast<unsigned>(queue_vectors_.size()) + 1, kMsixBar);
  add_bar(kMsixBar, {.kind = PciBar::Kind::memory32, .size = table.size(), .device = &table});
  use_intx();
  add_capabilities();
}

PciTransport::~PciTransport() = default;

void PciTransport::add_capabilities() {
  const auto add = [this](const VirtioCapability& capability) {
    const auto body = capability_body(capability, false, 0);
    add_capability(pci::kCapabilityVendor, std::span(body).first(kCapSize - 2));
  };
  add({kCapCommon, kRegistersBar, kCommon, kCommonSize});
  add({kCapIsr, kRegistersBar, kIsr, kIsrSize});
  add({kCapDevice, kRegistersBar, kDevice, kDeviceSize});
  const auto notify_size = static_cast<std::uint32_t>(kNotifyMultiplier * queue_vectors_.size());
  add_capability(
      pci::kCapabilityVendor,
      capability_body({kCapNotify, kRegistersBar, kNotify, notify_size}, true, kNotifyMultiplier));
  const auto body = capability_body({kCapWindow, 0, 0, 0}, true, 0);
  const auto writable = capability_body({0, 0xff, ~0U, ~0U}, true, ~0U);
  auto mask = writable;
  mask[0] = std::byte{0};  // cap_len
  window_capability_ = add_capability(pci::kCapabilityVendor, body, mask);
}

// --- Interrupts
// -----------------------------------------------------------------------------------

void PciTransport::interrupt_queue(std::uint16_t queue) noexcept {
  if (queue >= queue_vectors_.size()) return;
  // 4.1.4.5.2: the ISR's queue bit is set only where MSI-X is off.
  if (interrupt(queue_vectors_[queue].load(std::memory_order_relaxed)) || msix()->enabled()) return;
  if (state_.raise_isr(kIsrQueue)) sync_wire();
}

void PciTransport::interrupt_config() noexcept {
  if (interrupt(config_vector_.load(std::memory_order_relaxed)) || msix()->enabled()) return;
  sync_wire();
}

void PciTransport::sync_wire() noexcept {
  sync_intx([this] { return state_.isr() != 0; });
}

void PciTransport::reset_layout() {
  config_vector_.store(kNoVector);
  for (auto& vector : queue_vectors_)
    vector.store(kNoVector);
  sync_wire();
}

// --- Doorbells, resets and the configuration access window
// ----------------------------------------

void PciTransport::open_doorbells(std::span<const ActiveQueue> queues) {
  doorbells_.open(queues);
}

void PciTransport::close_doorbells() {
  doorbells_.close();
}

void PciTransport::on_bar_moved(unsigned bar, std::optional<std::uint64_t> address) {
  if (bar != kRegistersBar) return;
  doorbells_.place(address ? std::optional(*address + kNotify) : std::nullopt);
}

void PciTransport::on_reset() {
  state_.reset();
}

std::optional<PciTransport::Window> PciTransport::window() {
  const std::uint32_t bar = config(window_capability_ + kCapBar, 1);
  const std::uint32_t offset = config(window_capability_ + kCapOffset, 4);
  const std::uint32_t length = config(window_capability_ + kCapLength, 4);
  if (length != 1 && length != 2 && length != 4) return std::nullopt;  // 4.1.4.9.1
  const PciBar* const target = bar < pci::kBars ? this->bar(bar) : nullptr;
  if (target == nullptr || !fits(target->size, offset, length)) return std::nullopt;
  return Window{target->device, {offset, static_cast<std::uint8_t>(length)}};
}

bool PciTransport::touches_window(unsigned offset, unsigned width) const {
  const unsigned data = window_capability_ + kCapWindowData;
  return offset < data + 4 && offset + width > data;
}

// 4.1.4.9: a write of pci_cfg_data is a write to the BAR. One that would have to wait (a reset's
// status write) has had its effect, or none: the driver looks at the status.
void PciTransport::on_config_write(unsigned offset, unsigned width) {
  if (!touches_window(offset, width)) return;
  const auto target = window();
  if (!target) {
    state_.faults().report("the configuration access window points nowhere");
    return;
  }
  const std::uint32_t data = config(window_capability_ + kCapWindowData, 4);
  target->device->write(target->access, data & all_ones(target->access.width));
}

// A dump of the whole configuration space comes by here too: a window nobody has set is no fault.
void PciTransport::before_config_read(unsigned offset, unsigned width) {
  if (!touches_window(offset, width)) return;
  const auto target = window();
  if (!target) return;
  std::uint64_t value = 0;
  if (target->device->read(target->access, value) != IoStatus::ok) value = ~0ULL;
  const std::uint64_t data = value & all_ones(target->access.width);
  set_config(window_capability_ + kCapWindowData, 4, static_cast<std::uint32_t>(data));
}

}  // namespace skiff
