#include "devices/pci/pci_function.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "devices/pci/pci_bus.h"
#include "devices/pci/pci_decoder.h"
#include "vmm/base/bits.h"
#include "vmm/base/bytes.h"

namespace skiff {
namespace {

constexpr unsigned bar_register(unsigned index) {
  return pci::kBar0 + index * 4;
}

constexpr std::uint64_t low_mask(const PciBar& bar) {
  return bar.kind == PciBar::Kind::io ? 0x3 : 0xf;
}

}  // namespace

PciFunction::PciFunction(std::string_view name, const PciIdentity& identity,
                         std::size_t config_size)
    : name_(name), config_size_(config_size), config_(config_size) {
  MutexLock lock(mutex_);
  config_.set_initial(pci::kVendorId, 2, identity.vendor);
  config_.set_initial(pci::kDeviceId, 2, identity.device);
  config_.set_initial(pci::kRevisionId, 4, identity.class_code << 8 | identity.revision);
  config_.set_initial(pci::kSubsystemVendorId, 2, identity.subsystem_vendor);
  config_.set_initial(pci::kSubsystemId, 2, identity.subsystem);
  config_.set_writable(pci::kCommand, 2, pci::kCommandWritable);
  config_.set_write_one_to_clear(pci::kStatus, 2, pci::kStatusErrors);
  // 6.2.4: firmware and drivers keep values here; nothing depends on them.
  config_.set_writable(pci::kCacheLineSize, 1, 0xff);
  config_.set_writable(pci::kLatencyTimer, 1, 0xff);
  config_.set_writable(pci::kInterruptLine, 1, 0xff);
}

PciFunction::~PciFunction() {
  if (bus_ != nullptr) bus_->remove(*this);
}

void PciFunction::add_bar(unsigned index, const PciBar& bar) {
  assert(bus_ == nullptr && index < pci::kBars && !bars_[index] && bar.device != nullptr);
  assert(std::has_single_bit(bar.size) && bar.size > low_mask(bar));
  assert(bar.kind != PciBar::Kind::io || bar.size <= 256);
  assert(bar.is_64bit() ? index + 1 < pci::kBars && !bars_[index + 1] : bar.size <= 2 * GiB);
  bars_[index] = bar;
  std::uint32_t type = 0;
  if (bar.kind == PciBar::Kind::io) type = pci::kBarIo;
  if (bar.is_64bit()) type |= pci::kBarMemory64;
  if (bar.kind == PciBar::Kind::memory64_prefetchable) type |= pci::kBarPrefetchable;
  // The bits below the size are hard-wired to zero: that is all that sizing needs (6.2.5.1).
  const std::uint64_t mask = ~(bar.size - 1);
  MutexLock lock(mutex_);
  config_.set_initial(bar_register(index), 4, type);
  config_.set_writable(bar_register(index), 4, static_cast<std::uint32_t>(mask));
  if (bar.is_64bit()) {
    config_.set_writable(bar_register(index + 1), 4, static_cast<std::uint32_t>(mask >> 32));
  }
}

unsigned PciFunction::add_capability(std::uint8_t id, std::span<const std::byte> body,
                                     std::span<const std::byte> writable) {
  MutexLock lock(mutex_);
  return config_.add_capability(id, body, writable);
}

unsigned PciFunction::add_extended_capability(std::uint16_t id, std::uint8_t version,
                                              std::span<const std::byte> body,
                                              std::span<const std::byte> writable) {
  MutexLock lock(mutex_);
  return config_.add_extended_capability(id, version, body, writable);
}

MsixTable& PciFunction::add_msix(MsiSink& sink, unsigned vectors, unsigned bar,
                                 std::uint32_t offset) {
  assert(!msix_ && bar < pci::kBars && is_aligned(offset, 8U));
  msix_ = std::make_unique<MsixTable>(name_, vectors, sink);
  if (!sink.is_available()) return *msix_;
  std::array<std::byte, 10> body{};  // 6.8.2: message control, table, pending bits
  std::array<std::byte, 2> writable{};
  const auto pba = static_cast<std::uint32_t>(offset + msix_->pba_offset());
  store_le(std::span<std::byte>(body), 0, static_cast<std::uint16_t>(vectors - 1));
  store_le(std::span<std::byte>(body), 2, offset | bar);
  store_le(std::span<std::byte>(body), 6, pba | bar);
  store_le(std::span<std::byte>(writable), 0,
           static_cast<std::uint16_t>(pci::kMsixEnable | pci::kMsixFunctionMask));
  msix_capability_ = add_capability(pci::kCapabilityMsix, body, writable);
  return *msix_;
}

void PciFunction::add_registers(unsigned offset, unsigned width, std::uint32_t initial,
                                std::uint32_t writable) {
  assert(offset >= pci::kFirstCapability);
  MutexLock lock(mutex_);
  config_.set_initial(offset, width, initial);
  config_.set_writable(offset, width, writable);
}

void PciFunction::use_intx() {
  MutexLock lock(mutex_);
  config_.set_initial(pci::kInterruptPin, 1, 1);
}

bool PciFunction::has_intx() const {
  return config(pci::kInterruptPin, 1) != 0;
}

void PciFunction::plug(PciBus& bus, PciDecoder& decoder, PciAddress address, IrqSink* intx,
                       std::uint8_t interrupt_line) {
  assert(bus_ == nullptr);
  bus_ = &bus;
  decoder_ = &decoder;
  address_ = address;
  if (msix_) msix_->set_requester_id(address.id());
  if (!has_intx()) return;
  intx_ = std::make_unique<IrqLine>(intx);
  MutexLock lock(mutex_);
  config_.set_initial(pci::kInterruptLine, 1, interrupt_line);
}

void PciFunction::set_multi_function() {
  MutexLock lock(mutex_);
  config_.set_initial(pci::kHeaderType, 1,
                      config_.get(pci::kHeaderType, 1) | pci::kHeaderMultiFunction);
}

std::uint32_t PciFunction::config(unsigned offset, unsigned width) const {
  MutexLock lock(mutex_);
  return config_.get(offset, width);
}

void PciFunction::set_config(unsigned offset, unsigned width, std::uint32_t value) {
  MutexLock lock(mutex_);
  config_.set(offset, width, value);
}

bool PciFunction::bus_master() const {
  return (config(pci::kCommand, 2) & pci::kCommandBusMaster) != 0;
}

const PciBar* PciFunction::bar(unsigned index) const {
  return index < bars_.size() && bars_[index] ? &*bars_[index] : nullptr;
}

std::optional<Range> PciFunction::wanted_range(unsigned index) const {
  const PciBar* const declared = bar(index);
  if (declared == nullptr) return std::nullopt;
  std::uint32_t command = 0;
  std::uint64_t address = 0;
  {
    MutexLock lock(mutex_);
    command = config_.get(pci::kCommand, 2);
    address = config_.get(bar_register(index), 4);
    if (declared->is_64bit()) {
      address |= std::uint64_t{config_.get(bar_register(index + 1), 4)} << 32;
    }
  }
  const bool is_io = declared->kind == PciBar::Kind::io;
  if ((command & (is_io ? pci::kCommandIo : pci::kCommandMemory)) == 0) return std::nullopt;
  address &= ~low_mask(*declared);
  // All ones is a guest asking for the size with decoding left on, zero one that has not assigned
  // an address yet: neither is meant as an address.
  const std::uint64_t all_set = (declared->is_64bit() ? ~0ULL : 0xffff'ffffULL);
  if (address == 0 || address == (all_set & ~(declared->size - 1))) return std::nullopt;
  return Range{address, declared->size};
}

void PciFunction::set_bar_address(unsigned index, std::uint64_t address) {
  const PciBar* const declared = bar(index);
  assert(declared != nullptr && is_aligned(address, declared->size));
  {
    MutexLock lock(mutex_);
    const std::uint64_t type = config_.get(bar_register(index), 4) & low_mask(*declared);
    config_.set(bar_register(index), 4, static_cast<std::uint32_t>(address | type));
    if (declared->is_64bit()) {
      config_.set(bar_register(index + 1), 4, static_cast<std::uint32_t>(address >> 32));
    }
  }
  if (decoder_ != nullptr) decoder_->sync(*this);
}

bool PciFunction::touches_device_area(std::uint64_t offset, unsigned width) const {
  return offset < config_size_ && offset + width > pci::kFirstCapability;
}

unsigned PciFunction::clamp(std::uint64_t offset, unsigned width) const {
  return static_cast<unsigned>(std::min<std::uint64_t>(width, config_size_ - offset));
}

std::uint64_t PciFunction::config_read(std::uint64_t offset, unsigned width) {
  if (offset >= config_size_) return all_ones(width);
  if (width > pci::kDword) {
    const std::uint64_t low = config_read(offset, pci::kDword);
    return low | config_read(offset + pci::kDword, width - pci::kDword) << 32;
  }
  if (touches_device_area(offset, width)) {
    before_config_read(static_cast<unsigned>(offset), clamp(offset, width));
  }
  MutexLock lock(mutex_);
  return config_.read(offset, width);
}

void PciFunction::config_write(std::uint64_t offset, unsigned width, std::uint64_t value) {
  if (offset >= config_size_) return;
  if (width > pci::kDword) {
    config_write(offset, pci::kDword, value);
    config_write(offset + pci::kDword, width - pci::kDword, value >> 32);
    return;
  }
  {
    MutexLock lock(mutex_);
    config_.write(offset, width, value);
  }
  const bool in_header = offset < pci::kBar0 + pci::kBars * 4;
  const bool at_msix =
      msix_capability_ != 0 && offset < msix_capability_ + 4U && offset + width > msix_capability_;
  if (in_header || at_msix) apply();
  if (touches_device_area(offset, width)) {
    on_config_write(static_cast<unsigned>(offset), clamp(offset, width));
  }
}

// Makes everything outside the configuration space follow it. Each part reads the registers again
// under a mutex that it holds until it is done, so the last of several racing writers is right.
void PciFunction::apply() {
  if (msix_capability_ != 0) {
    MutexLock lock(msix_control_mutex_);
    msix_->set_control(static_cast<std::uint16_t>(config(msix_capability_ + 2, 2)));
  }
  resync_intx();
  if (decoder_ != nullptr) decoder_->sync(*this);
}

void PciFunction::resync_intx() {
  if (!intx_) return;
  intx_->sync([this] { return gate_intx((config(pci::kStatus, 2) & pci::kStatusInterrupt) != 0); });
}

// Called under the wire's mutex, so nobody else changes the status bit between the two steps of
// resync_intx.
bool PciFunction::gate_intx(bool asserted) {
  MutexLock lock(mutex_);
  const std::uint32_t status = config_.get(pci::kStatus, 2);
  const std::uint32_t bit = pci::kStatusInterrupt;
  config_.set(pci::kStatus, 2, asserted ? status | bit : status & ~bit);
  // 6.8.2.3: with MSI-X enabled the function does not use its pin.
  const bool msix_enabled =
      msix_capability_ != 0 && (config_.get(msix_capability_ + 2, 2) & pci::kMsixEnable) != 0;
  const bool disabled = (config_.get(pci::kCommand, 2) & pci::kCommandIntxDisable) != 0;
  return asserted && !disabled && !msix_enabled;
}

void PciFunction::reset() {
  {
    MutexLock lock(mutex_);
    config_.reset();
  }
  if (msix_) {
    MutexLock lock(msix_control_mutex_);
    msix_->reset();
  }
  apply();
  on_reset();
}

}  // namespace skiff
