// What BAR 0 of a virtio PCI function answers.
#include "virtio/transport/device_config.h"
#include "virtio/transport/pci_transport.h"
#include "virtio/transport/virtio_pci_regs.h"

namespace skiff {

using namespace virtio_pci;

IoStatus PciTransport::Registers::read(IoAccess access, std::uint64_t& value) {
  const IoStatus status = owner_.read_bar(access, value);
  if (status != IoStatus::ok) {
    owner_.state_.faults().report("read of {} bytes at {:#x}", access.width, access.offset);
  }
  return status;
}

IoStatus PciTransport::Registers::write(IoAccess access, std::uint64_t value) {
  const IoStatus status = owner_.write_bar(access, value);
  if (status != IoStatus::ok && status != IoStatus::busy) {
    owner_.state_.faults().report("write of {} bytes at {:#x}", access.width, access.offset);
  }
  return status;
}

std::string_view PciTransport::Registers::register_name(std::uint64_t offset,
                                                        bool /*is_write*/) const {
  if (offset < kIsr) return row_name(kRows, offset);
  if (offset < kDevice) return offset < kIsr + kIsrSize ? "ISR status" : "";
  if (offset < kNotify) return "device configuration";
  return "queue notify";
}

IoStatus PciTransport::read_bar(IoAccess access, std::uint64_t& value) {
  if (access.offset < kIsr) {
    const RowMatch match = match_row(kRows, access);
    if (match.row == nullptr) return match.status;
    value = read_common(*match.row);
    return IoStatus::ok;
  }
  if (access.offset < kDevice) {
    if (access.offset >= kIsr + kIsrSize) return IoStatus::no_such_register;
    if (access.width != kIsrSize) return IoStatus::bad_width;
    value = state_.take_isr();  // 4.1.4.5: reading clears it, and lowers the wire
    sync_wire();
    return IoStatus::ok;
  }
  if (access.offset < kNotify) {
    return read_device_config(state_.device(), {access.offset - kDevice, access.width}, kDeviceSize,
                              value);
  }
  return IoStatus::no_such_register;
}

IoStatus PciTransport::write_bar(IoAccess access, std::uint64_t value) {
  if (access.offset < kIsr) {
    const RowMatch match = match_row(kRows, access);
    if (match.row == nullptr) return match.status;
    return match.row->writable() ? write_common(*match.row, value) : IoStatus::no_such_register;
  }
  if (access.offset < kDevice) return IoStatus::no_such_register;
  if (access.offset < kNotify) {
    return write_device_config(state_.device(), {access.offset - kDevice, access.width},
                               kDeviceSize, value);
  }
  return write_notify({access.offset - kNotify, access.width});
}

// 4.1.4.4: the address says which queue, as it does for a doorbell; the value is the same number.
IoStatus PciTransport::write_notify(IoAccess access) {
  const std::uint64_t queue = access.offset / kNotifyMultiplier;
  if (queue >= queue_vectors_.size()) return IoStatus::no_such_register;
  if (access.offset % kNotifyMultiplier != 0) return IoStatus::misaligned;
  if (access.width != 2 && access.width != 4) return IoStatus::bad_width;
  state_.notify(queue);
  return IoStatus::ok;
}

std::uint64_t PciTransport::read_common(const RegisterRow& row) {
  if (row.reg) return state_.read(*row.reg, row.part) & all_ones(row.width);
  if (row.offset == kConfigMsixVector) return config_vector_.load();
  if (row.offset == kQueueMsixVector) {
    const std::atomic<std::uint16_t>* const vector = selected_vector();
    return vector != nullptr ? vector->load() : kNoVector;
  }
  // queue_notify_off: a queue's notify address is its index times the multiplier.
  const std::uint64_t queue = state_.read(TransportRegister::queue_select);
  return queue < queue_vectors_.size() ? queue : 0;
}

IoStatus PciTransport::write_common(const RegisterRow& row, std::uint64_t value) {
  value &= all_ones(row.width);
  if (row.reg) return state_.write(*row.reg, value, row.part);
  if (row.offset == kConfigMsixVector) {
    config_vector_.store(usable_vector(value));
  } else if (std::atomic<std::uint16_t>* const vector = selected_vector()) {
    vector->store(usable_vector(value));
  }
  return IoStatus::ok;
}

std::atomic<std::uint16_t>* PciTransport::selected_vector() {
  const std::uint64_t queue = state_.read(TransportRegister::queue_select);
  return queue < queue_vectors_.size() ? &queue_vectors_[static_cast<std::size_t>(queue)] : nullptr;
}

// 4.1.5.1.2.1: a vector that cannot be had reads back as NO_VECTOR.
std::uint16_t PciTransport::usable_vector(std::uint64_t value) {
  return value < msix()->vectors() ? static_cast<std::uint16_t>(value) : kNoVector;
}

}  // namespace skiff
