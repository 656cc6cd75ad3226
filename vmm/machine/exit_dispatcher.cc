#include "vmm/machine/exit_dispatcher.h"

#include <bit>
#include <cstring>

#include "vmm/base/bits.h"

namespace skiff {
namespace {

void identify(ExitKey& key, const IoBus::Target& target, std::uint64_t address) {
  key.device = target.device;
  key.offset = target.device != nullptr ? target.device->ledger_offset(target.offset) : address;
}

std::uint64_t load(std::span<const std::byte> data) {
  std::uint64_t value = 0;
  std::memcpy(&value, data.data(), data.size());
  return value;
}

}  // namespace

Verdict ExitDispatcher::dispatch(VcpuExit& exit, ExitKey& key) noexcept {
  key = ExitKey{.reason = static_cast<ExitReason>(exit.index())};
  if (auto* const io = std::get_if<PortIo>(&exit)) return handle(*io, key);
  if (auto* const access = std::get_if<Mmio>(&exit)) return handle(*access, key);
  if (const auto* const ended = std::get_if<IoapicEoi>(&exit); ended != nullptr) {
    if (end_of_interrupt_ != nullptr) end_of_interrupt_->end_of_interrupt(ended->vector);
    return Verdict::enter;
  }
  const bool is_end =
      std::holds_alternative<SystemEvent>(exit) || std::holds_alternative<Fatal>(exit);
  return is_end ? Verdict::end : Verdict::enter;
}

Verdict ExitDispatcher::handle(PortIo& io, ExitKey& key) noexcept {
  IoBus::Target target;
  IoStatus status = IoStatus::ok;
  std::uint64_t value = 0;
  if (io.count == 1) {
    if (io.is_write) {
      value = load(io.data);
      status = ports_.write(port_reader_, io.port, io.width, value, target);
    } else {
      status = ports_.read(port_reader_, io.port, io.width, value, target);
      if (status != IoStatus::busy) std::memcpy(io.data.data(), &value, io.width);
    }
  } else {
    status = io.is_write
                 ? ports_.write_string(port_reader_, io.port, io.width, io.data, done_, target)
                 : ports_.read_string(port_reader_, io.port, io.width, io.data, done_, target);
    value = io.data.size() >= io.width ? load(io.data.last(io.width)) : 0;
  }
  key.is_write = io.is_write;
  identify(key, target, io.port);
  if (status == IoStatus::busy) return Verdict::retry;
  done_ = 0;
  ledger_.remember({.key = key, .value = value, .width = io.width, .count = io.count});
  return Verdict::enter;
}

Verdict ExitDispatcher::handle(Mmio& access, ExitKey& key) noexcept {
  // KVM cuts an access at a page's border, so 3 bytes can arrive; devices know powers of two only.
  const auto size = static_cast<std::uint8_t>(access.data.size());
  const std::uint8_t width = std::has_single_bit(size) ? size : std::uint8_t{1};
  std::uint64_t value = 0;
  IoBus::Target target;
  key.is_write = access.is_write;
  for (; done_ < access.data.size(); done_ += width) {
    const auto part = access.data.subspan(done_, width);
    const std::uint64_t address = access.address + done_;
    IoStatus status = IoStatus::ok;
    if (access.is_write) {
      value = load(part);
      status = mmio_.write(mmio_reader_, address, width, value, target);
    } else {
      status = mmio_.read(mmio_reader_, address, width, value, target);
      if (status != IoStatus::busy) std::memcpy(part.data(), &value, width);
    }
    identify(key, target, address);
    if (status == IoStatus::busy) return Verdict::retry;
  }
  done_ = 0;
  ledger_.remember({.key = key, .value = value, .width = size, .count = 1});
  return Verdict::enter;
}

}  // namespace skiff
