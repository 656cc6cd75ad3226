#include "devices/e1000/e1000_controller.h"

#include <fmt/format.h>

#include <future>
#include <string>

#include "devices/e1000/e1000_ids.h"
#include "devices/e1000/e1000_regs.h"
#include "vmm/base/error.h"

namespace skiff {

using namespace e1000;

namespace {

constexpr unsigned kMemoryBar = 0;
constexpr unsigned kPortsBar = 2;
constexpr unsigned kRegisterWidth = 4;

constexpr PciIdentity kIdentity{.vendor = kE1000Vendor,
                                .device = kE1000Device,
                                .class_code = 0x02'00'00,  // Ethernet controller
                                .revision = kE1000Revision,
                                .subsystem_vendor = kE1000Vendor,
                                .subsystem = kE1000Subsystem};

E1000Options checked(const E1000Options& options) {
  if (!options.mac.is_unicast()) {
    throw ConfigError(fmt::format("{}: mac = \"{}\" is {}; a card's address is its own",
                                  options.name, options.mac.text(),
                                  options.mac.is_zero() ? "zero" : "a group address"));
  }
  return options;
}

}  // namespace

E1000Controller::E1000Controller(std::unique_ptr<NetBackend> backend, Executor& executor,
                                 const Clock& clock, const GuestMemory& memory,
                                 const E1000Options& options)
    : PciFunction(checked(options).name, kIdentity),
      memory_bar_(*this),
      ports_bar_(*this),
      interrupts_(executor, clock, [this] { settle_wire(); }),
      cable_(options.link),
      registers_(options.mac, options.link),
      service_(std::make_shared<E1000Service>(std::move(backend), executor, clock, memory,
                                              doorbells_, interrupts_, statistics_,
                                              static_cast<E1000Port&>(*this), options)) {
  add_bar(kMemoryBar,
          {.kind = PciBar::Kind::memory32, .size = kRegistersSize, .device = &memory_bar_});
  add_bar(kPortsBar, {.kind = PciBar::Kind::io, .size = kIoSize, .device = &ports_bar_});
  use_intx();
  service_->open();
}

E1000Controller::~E1000Controller() {
  Executor& executor = service_->executor();
  if (executor.runs_here()) {
    service_->shut_down();
    return;
  }
  std::promise<void> ended;
  executor.post([&ended, this] {
    service_->shut_down();
    ended.set_value();
  });
  ended.get_future().wait();
}

// --- Outside ------------------------------------------------------------------------------------

void E1000Controller::set_link(bool up) {
  if (cable_.exchange(up) != up) apply_cable();
}

void E1000Controller::on_peer_lost() {
  if (peer_.exchange(false)) apply_cable();
}

void E1000Controller::apply_cable() {
  bool changes = false;
  {
    MutexLock lock(mutex_);
    changes = registers_.set_cable(cable_.load() && peer_.load());
    if (changes) doorbells_.bump();
  }
  if (!changes) return;
  interrupts_.raise(kIntLsc);
  settle_wire();
  doorbells_.kick.signal();
}

DeviceStats E1000Controller::stats() const {
  const std::uint64_t interrupts = interrupts_.count();
  DeviceStats stats{.name = std::string(name()), .kind = "e1000"};
  stats.guest_faults = service_->faults().count();
  // One interrupt serves both.
  stats.queues.push_back({.index = 0, .requests = service_->received(), .interrupts = interrupts});
  stats.queues.push_back(
      {.index = 1, .notifications = service_->kicks(), .requests = service_->sent()});
  return stats;
}

// --- The service --------------------------------------------------------------------------------

std::uint32_t E1000Controller::copy_settings(E1000Config& config) {
  MutexLock lock(mutex_);
  registers_.fill(config);
  return doorbells_.generation.load();
}

void E1000Controller::settle_wire() noexcept {
  sync_intx([this] { return interrupts_.wire_level(); });
}

// The function's reset. Unlike CTRL.RST's it waits for nobody: no driver is there.
void E1000Controller::on_reset() {
  {
    MutexLock lock(mutex_);
    registers_.reset();
    doorbells_.bump();
  }
  interrupts_.reset();
  settle_wire();
  doorbells_.kick.signal();
}

// --- Registers ----------------------------------------------------------------------------------

std::uint32_t E1000Controller::read_register(std::uint32_t offset) {
  switch (offset) {
    case kIcr: {
      const std::uint32_t causes = interrupts_.read_icr();
      if (causes != 0) settle_wire();
      return causes;
    }
    case kItr:
      return interrupts_.throttle();
    case kIms:
      return interrupts_.mask();
    case kRdh:
      return doorbells_.rdh.load();
    case kRdt:
      return doorbells_.rdt.load();
    case kTdh:
      return doorbells_.tdh.load();
    case kTdt:
      return doorbells_.tdt.load();
    default:
      break;
  }
  if (offset >= kStatistics && offset < kStatisticsEnd) return statistics_.read(offset);
  MutexLock lock(mutex_);
  return registers_.read(offset);
}

bool E1000Controller::write_ring(std::uint32_t offset, std::uint32_t value) {
  constexpr std::uint32_t kIndex = 0xffff;
  switch (offset) {
    case kTdt:
      doorbells_.ring_transmit(value & kIndex);
      return true;
    case kRdt:
      doorbells_.ring_receive(value & kIndex);
      return true;
    case kTdh:
      doorbells_.tdh.store(value & kIndex);
      return true;
    case kRdh:
      doorbells_.rdh.store(value & kIndex);
      return true;
    default:
      return false;
  }
}

bool E1000Controller::write_interrupts(std::uint32_t offset, std::uint32_t value) {
  switch (offset) {
    case kIcr:
      interrupts_.clear(value);
      break;
    case kIcs:
      interrupts_.raise(value);
      break;
    case kIms:
      interrupts_.set_mask(value);
      break;
    case kImc:
      interrupts_.clear_mask(value);
      break;
    case kItr:
      interrupts_.set_throttle(value);
      break;
    default:
      return false;
  }
  settle_wire();
  return true;
}

IoStatus E1000Controller::write_register(std::uint32_t offset, std::uint32_t value) {
  if (write_ring(offset, value) || write_interrupts(offset, value)) return IoStatus::ok;
  if (offset >= kStatistics && offset < kStatisticsEnd) return IoStatus::ok;  // read only
  if (offset == kRdtr && (value & kRdtrFpd) != 0) {
    interrupts_.flush();
    settle_wire();
  }
  return write_settings(offset, value);
}

// Made again while it is `busy`: then nothing changes but what the first time has changed already.
IoStatus E1000Controller::write_settings(std::uint32_t offset, std::uint32_t value) {
  E1000Registers::Effect effect;
  {
    MutexLock lock(mutex_);
    effect = registers_.write(offset, value);
    if (effect.configures) doorbells_.bump();
  }
  if (!effect.known) return IoStatus::no_such_register;
  if (effect.wakes) doorbells_.kick.signal();
  if (effect.stops && !doorbells_.is_quiet()) return IoStatus::busy;
  if (effect.resets) {
    doorbells_.clear_rings();
    statistics_.reset();
    interrupts_.reset();
    settle_wire();
  }
  if (effect.causes != 0) {
    interrupts_.raise(effect.causes);
    settle_wire();
  }
  return IoStatus::ok;
}

// 13.2.1: registers are 32 bits wide, and read and written so.
IoStatus E1000Controller::Memory::read(IoAccess access, std::uint64_t& value) {
  if (access.width != kRegisterWidth) return IoStatus::bad_width;
  if (access.offset % kRegisterWidth != 0) return IoStatus::misaligned;
  value = owner_.read_register(static_cast<std::uint32_t>(access.offset));
  return IoStatus::ok;
}

IoStatus E1000Controller::Memory::write(IoAccess access, std::uint64_t value) {
  if (access.width != kRegisterWidth) return IoStatus::bad_width;
  if (access.offset % kRegisterWidth != 0) return IoStatus::misaligned;
  return owner_.write_register(static_cast<std::uint32_t>(access.offset),
                               static_cast<std::uint32_t>(value));
}

std::string_view E1000Controller::Memory::register_name(std::uint64_t offset,
                                                        bool /*is_write*/) const {
  return E1000Registers::name(static_cast<std::uint32_t>(offset));
}

std::uint64_t E1000Controller::Memory::ledger_offset(std::uint64_t offset) const {
  return E1000Registers::first_of_table(static_cast<std::uint32_t>(offset));
}

IoStatus E1000Controller::Ports::read(IoAccess access, std::uint64_t& value) {
  if (access.width != kRegisterWidth) return IoStatus::bad_width;
  const std::uint32_t address = address_.load();
  switch (access.offset) {
    case kIoAddr:
      value = address;
      return IoStatus::ok;
    case kIoData:
      if (address >= kRegistersSize || address % kRegisterWidth != 0) break;
      value = owner_.read_register(address);
      return IoStatus::ok;
    default:
      break;
  }
  return IoStatus::no_such_register;
}

IoStatus E1000Controller::Ports::write(IoAccess access, std::uint64_t value) {
  if (access.width != kRegisterWidth) return IoStatus::bad_width;
  const std::uint32_t address = address_.load();
  switch (access.offset) {
    case kIoAddr:
      address_.store(static_cast<std::uint32_t>(value));
      return IoStatus::ok;
    case kIoData:
      if (address >= kRegistersSize || address % kRegisterWidth != 0) break;
      return owner_.write_register(address, static_cast<std::uint32_t>(value));
    default:
      break;
  }
  return IoStatus::no_such_register;
}

std::string_view E1000Controller::Ports::register_name(std::uint64_t offset,
                                                       bool /*is_write*/) const {
  if (offset == kIoAddr) return "IOADDR";
  return offset == kIoData ? "IODATA" : std::string_view();
}

}  // namespace skiff
