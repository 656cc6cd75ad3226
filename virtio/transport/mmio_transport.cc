#include "virtio/transport/mmio_transport.h"

#include "virtio/transport/device_config.h"
#include "virtio/transport/mmio_regs.h"
#include "vmm/base/bits.h"

namespace skiff {
namespace {

using namespace virtio_mmio;

constexpr std::uint64_t kConfigSize = MmioTransport::kSize - kConfig;

DoorbellAddress doorbell_address(std::uint64_t base, std::uint16_t queue) {
  return {.space = IoSpace::mmio,
          .address = base + kQueueNotify,
          .width = kRegisterWidth,
          .value = queue};
}

}  // namespace

MmioTransport::MmioTransport(VirtioDevice& device, const GuestMemory& memory,
                             const TransportOptions& options, std::uint64_t base, IrqSink* irq,
                             DoorbellRegistry* doorbells)
    : line_(irq),
      doorbells_(doorbells, doorbell_address, base),
      state_(device, memory, options, *this) {}

MmioTransport::~MmioTransport() = default;

IoStatus MmioTransport::read(IoAccess access, std::uint64_t& value) {
  IoStatus status = IoStatus::no_such_register;
  if (access.offset >= kConfig) {
    status = read_device_config(state_.device(), {access.offset - kConfig, access.width},
                                kConfigSize, value);
  } else {
    const RowMatch match = match_row(kRows, access);
    status = match.status;
    if (match.row != nullptr) {
      if (match.row->readable()) {
        value = read_register(*match.row);
      } else {
        status = IoStatus::no_such_register;
      }
    }
  }
  if (status != IoStatus::ok) {
    state_.faults().report("read of {} bytes at {:#x}", access.width, access.offset);
  }
  return status;
}

std::uint64_t MmioTransport::read_register(const RegisterRow& row) const {
  if (row.reg) return state_.read(*row.reg, row.part);
  switch (row.offset) {
    case kMagicValue:
      return kMagic;
    case kVersionOffset:
      return kVersion;
    case kDeviceId:
      return state_.device().device_id();
    case kVendorId:
      return kVendor;
    case kInterruptStatus:
      return state_.isr();
    default:
      return all_ones(kRegisterWidth);  // SHMLen, SHMBase: there is no such region (4.2.2.1)
  }
}

IoStatus MmioTransport::write(IoAccess access, std::uint64_t value) {
  IoStatus status = IoStatus::no_such_register;
  if (access.offset >= kConfig) {
    status = write_device_config(state_.device(), {access.offset - kConfig, access.width},
                                 kConfigSize, value);
  } else {
    const RowMatch match = match_row(kRows, access);
    status = match.status;
    if (match.row != nullptr) {
      status = match.row->writable() ? write_register(*match.row, static_cast<std::uint32_t>(value))
                                     : IoStatus::no_such_register;
    }
  }
  if (status != IoStatus::ok && status != IoStatus::busy) {
    state_.faults().report("write of {} bytes at {:#x}", access.width, access.offset);
  }
  return status;
}

IoStatus MmioTransport::write_register(const RegisterRow& row, std::uint32_t value) {
  if (row.reg) return state_.write(*row.reg, value, row.part);
  switch (row.offset) {
    case kQueueNotify:
      state_.notify(value);
      break;
    case kInterruptAck:
      state_.clear_isr(static_cast<std::uint8_t>(value));
      sync_wire();
      break;
    default:
      break;  // SHMSel: whichever is selected, it is not there
  }
  return IoStatus::ok;
}

std::string_view MmioTransport::register_name(std::uint64_t offset, bool /*is_write*/) const {
  return offset >= kConfig ? "configuration space" : row_name(kRows, offset);
}

void MmioTransport::open_doorbells(std::span<const ActiveQueue> queues) {
  doorbells_.open(queues);
}

void MmioTransport::close_doorbells() {
  doorbells_.close();
}

void MmioTransport::interrupt_queue(std::uint16_t /*queue*/) noexcept {
  // Who set the bit first syncs the wire: a bit that was set already needs nothing.
  if (state_.raise_isr(kIsrQueue)) sync_wire();
}

void MmioTransport::interrupt_config() noexcept {
  sync_wire();
}

void MmioTransport::reset_layout() {
  sync_wire();
}

void MmioTransport::sync_wire() noexcept {
  line_.sync([this] { return state_.isr() != 0; });
}

}  // namespace skiff
