#include "devices/nvme/nvme_controller.h"

#include <algorithm>
#include <future>

#include "vmm/base/bytes.h"

namespace skiff {
namespace {

using namespace nvme;

constexpr unsigned kRegistersBar = 0;
constexpr unsigned kMsixBar = 4;
constexpr std::uint64_t kBarSize = 0x2000;
static_assert(kDoorbells + (NvmeOptions::kMaxQueues + 1) * 8 <= kBarSize);

// From 1af4:10f0 to 10ff, which the vendor leaves free for experiments: drivers go by the class,
// and Linux has quirks for the numbers of other controllers.
constexpr PciIdentity kIdentity{.vendor = 0x1af4,
                                .device = 0x10f1,
                                .class_code = 0x01'08'02,  // NVM, NVMe I/O controller
                                .revision = 1,
                                .subsystem_vendor = 0x1af4,
                                .subsystem = 0x10f1};

// How long a reset may take, in the worst case a slow disk's requests in flight. [500 ms]
constexpr std::uint64_t kTimeout = 60;
constexpr std::uint64_t kCapabilities =
    (kMaxQueueEntries - 1) | kCapContiguous | kTimeout << kCapTimeoutShift | kCapNvmCommands;

NvmeOptions checked(NvmeOptions options) {
  options.queues = std::clamp<std::uint16_t>(options.queues, 1, NvmeOptions::kMaxQueues);
  return options;
}

}  // namespace

NvmeController::NvmeController(std::unique_ptr<DiskBackend> disk, Executor& executor,
                               const Clock& clock, const GuestMemory& memory, MsiSink& msi,
                               DoorbellRegistry* doorbells, const NvmeOptions& options)
    : PciFunction(options.name, kIdentity),
      registers_(*this),
      doorbells_(checked(options).queues + std::size_t{1}),
      registry_(doorbells),
      service_(std::make_shared<NvmeService>(std::move(disk), executor, clock, memory, doorbells_,
                                             static_cast<NvmePort&>(*this), checked(options))),
      attached_(doorbells_.queues()) {
  add_bar(kRegistersBar, {.kind = PciBar::Kind::memory32, .size = kBarSize, .device = &registers_});
  MsixTable& table = add_msix(msi, static_cast<unsigned>(doorbells_.queues()), kMsixBar);
  add_bar(kMsixBar, {.kind = PciBar::Kind::memory32, .size = table.size(), .device = &table});
  use_intx();
}

NvmeController::~NvmeController() {
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

void NvmeController::resize() {
  const std::uint64_t before = capacity();
  if (service_->disk().refresh_capacity() == before) return;
  service_->executor().post([weak = std::weak_ptr(service_)] {
    if (const auto service = weak.lock()) service->namespace_changed();
  });
}

std::uint64_t NvmeController::capacity() const {
  return service_->disk().capacity();
}

void NvmeController::set_limits(const RateLimit& operations, const RateLimit& bandwidth) {
  service_->executor().post([weak = std::weak_ptr(service_), operations, bandwidth] {
    if (const auto service = weak.lock()) service->set_limits(operations, bandwidth);
  });
}

const char* NvmeController::engine() const noexcept {
  return service_->engine();
}

DeviceStats NvmeController::stats() const {
  DeviceStats stats{.name = std::string(name()), .kind = "nvme"};
  stats.guest_faults = service_->faults().count();
  {
    MutexLock lock(mutex_);
    stats.needs_reset = state_.phase == Phase::failed;
  }
  for (std::size_t i = 0; i < doorbells_.queues(); ++i) {
    const NvmeQueueDoorbells& queue = doorbells_.queue(i);
    stats.queues.push_back({.index = static_cast<std::uint16_t>(i),
                            .notifications = queue.notifications.value(),
                            .requests = queue.requests.value(),
                            .interrupts = queue.interrupts_sent.value()});
  }
  return stats;
}

// --- Interrupts ---------------------------------------------------------------------------------

void NvmeController::interrupt(std::uint16_t vector) noexcept {
  if (PciFunction::interrupt(vector)) return;
  settle_wire();
}

void NvmeController::settle_wire() noexcept {
  if (uses_wire()) sync_intx([this] { return wire_level(); });
}

// 7.5.1: INTx has one vector, number 0, which bit 0 of the mask stops.
bool NvmeController::wire_level() {
  {
    MutexLock lock(mutex_);
    if ((state_.mask & 1) != 0) return false;
  }
  for (std::size_t i = 0; i < doorbells_.queues(); ++i) {
    const NvmeQueueDoorbells& queue = doorbells_.queue(i);
    if (queue.has_cq.load() && queue.interrupts.load() &&
        queue.cq_tail.load() != queue.cq_head.load()) {
      return true;
    }
  }
  return false;
}

// --- Doorbells whose value is in memory ---------------------------------------------------------

void NvmeController::attach(std::uint16_t queue) {
  attached_[queue].reset();
  if (registry_ == nullptr || !base_) return;
  const std::uint64_t address = *base_ + kDoorbells + std::uint64_t{8} * queue;
  auto doorbell =
      registry_->attach({.space = IoSpace::mmio, .address = address}, doorbells_.queue(queue).kick);
  // Refused: the register's write wakes the service all the same.
  if (doorbell) attached_[queue] = std::move(*doorbell);
}

void NvmeController::open_doorbell(std::uint16_t queue) {
  MutexLock lock(doorbell_mutex_);
  open_.push_back(queue);
  attach(queue);
}

void NvmeController::close_doorbell(std::uint16_t queue) {
  MutexLock lock(doorbell_mutex_);
  std::erase(open_, queue);
  attached_[queue].reset();
}

void NvmeController::on_bar_moved(unsigned bar, std::optional<std::uint64_t> address) {
  if (bar != kRegistersBar) return;
  MutexLock lock(doorbell_mutex_);
  base_ = address;
  for (const std::uint16_t queue : open_)
    attach(queue);
}

// --- Life ---------------------------------------------------------------------------------------

// 7.6.1: what CC and AQA must say before EN may be set.
bool NvmeController::is_possible(const State& state) {
  const std::uint32_t sq_entry = state.cc >> kCcSqEntryShift & 0xf;
  const std::uint32_t cq_entry = state.cc >> kCcCqEntryShift & 0xf;
  return (state.cc & (kCcCommandSet | kCcPageSize | kCcArbitration)) == 0 &&
         (sq_entry == 0 || sq_entry == 6) && (cq_entry == 0 || cq_entry == 4) &&
         state.admin.asq % kMemoryPage == 0 && state.admin.acq % kMemoryPage == 0;
}

void NvmeController::post(void (NvmeController::*step)()) {
  // The service goes with the controller.
  service_->executor().post([this, step, weak = std::weak_ptr(service_)] {
    if (!weak.expired()) (this->*step)();
  });
}

// One step from what is to what CC.EN asks for; while a step is under way, none.
void NvmeController::pursue() {
  void (NvmeController::*step)() = nullptr;
  {
    MutexLock lock(mutex_);
    const bool wanted = (state_.cc & kCcEnable) != 0;
    if (wanted && state_.phase == Phase::disabled) {
      state_.phase = Phase::starting;
      step = &NvmeController::start_service;
    } else if (!wanted && (state_.phase == Phase::ready || state_.phase == Phase::failed)) {
      state_.phase = Phase::stopping;
      step = &NvmeController::stop_service;
    }
  }
  if (step != nullptr) post(step);
}

void NvmeController::arrive(Phase phase, std::uint32_t csts) {
  bool begins_shutdown = false;
  {
    MutexLock lock(mutex_);
    state_.phase = phase;
    state_.csts = csts;
    if (phase == Phase::disabled) state_.mask = 0;
    // Asked for meanwhile.
    begins_shutdown = phase == Phase::ready && (state_.cc & kCcShutdown) != 0;
    if (begins_shutdown) state_.csts |= kCstsShutdownBusy;
  }
  if (phase == Phase::disabled) settle_wire();
  if (begins_shutdown) post(&NvmeController::notify_shutdown);
  pursue();
}

void NvmeController::start_service() {
  State state;
  {
    MutexLock lock(mutex_);
    state = state_;
  }
  if (!is_possible(state)) {
    service_->faults().report("enabled with CC {:#x}, which is not offered", state.cc);
    return arrive(Phase::failed, kCstsFatal);
  }
  if (!service_->start(state.admin)) return arrive(Phase::failed, kCstsFatal);
  arrive(Phase::ready, kCstsReady);
}

void NvmeController::stop_service() {
  service_->stop([this] { arrive(Phase::disabled, 0); });
}

void NvmeController::notify_shutdown() {
  service_->shut_down_notice([this] {
    MutexLock lock(mutex_);
    if (state_.phase == Phase::ready) state_.csts = kCstsReady | kCstsShutdownDone;
  });
}

// The function's reset, as a write of 0 to CC; all of it is as after power-on when CSTS is 0.
void NvmeController::on_reset() {
  {
    MutexLock lock(mutex_);
    state_.cc = 0;
    state_.admin = {};
  }
  pursue();
}

// --- Registers ----------------------------------------------------------------------------------

void NvmeController::write_cc(std::uint32_t value) {
  const std::uint32_t before = state_.cc;
  state_.cc = value & kCcWritable;
  const bool asks = (state_.cc & kCcShutdown) != 0;
  if (state_.phase == Phase::disabled || state_.phase == Phase::failed) {
    // There is nothing to do.
    state_.csts = (state_.csts & ~kCstsShutdown) | (asks ? kCstsShutdownDone : 0);
  } else if (state_.phase == Phase::ready && asks && (before & kCcShutdown) == 0 &&
             (state_.csts & kCstsShutdownDone) == 0) {
    state_.csts |= kCstsShutdownBusy;
  }
}

void NvmeController::write_register(std::uint64_t offset, std::uint32_t value) {
  bool begins_shutdown = false;
  {
    MutexLock lock(mutex_);
    const auto set_half = [&](std::uint64_t& reg, bool is_high) {
      const std::uint64_t shifted = std::uint64_t{value} << (is_high ? 32 : 0);
      reg = (reg & (is_high ? 0xffff'ffffULL : ~0xffff'ffffULL)) | shifted;
    };
    switch (offset) {
      case kIntms:
        state_.mask |= value;
        break;
      case kIntmc:
        state_.mask &= ~value;
        break;
      case kCc: {
        const bool was_busy = (state_.csts & kCstsShutdownBusy) != 0;
        write_cc(value);
        begins_shutdown = !was_busy && (state_.csts & kCstsShutdownBusy) != 0;
        break;
      }
      case kAqa:
        state_.admin.aqa = value & 0x0fff'0fff;
        break;
      case kAsq:
      case kAsq + 4:
        set_half(state_.admin.asq, offset != kAsq);
        break;
      case kAcq:
      case kAcq + 4:
        set_half(state_.admin.acq, offset != kAcq);
        break;
      default:  // read only
        break;
    }
  }
  if (offset == kIntms || offset == kIntmc) settle_wire();
  if (begins_shutdown) post(&NvmeController::notify_shutdown);
  if (offset == kCc) pursue();
}

std::uint32_t NvmeController::read_register(std::uint64_t offset) const {
  MutexLock lock(mutex_);
  switch (offset) {
    case kCap:
      return static_cast<std::uint32_t>(kCapabilities);
    case kCap + 4:
      return static_cast<std::uint32_t>(kCapabilities >> 32);
    case kVs:
      return kVersion;
    case kIntms:
    case kIntmc:
      return state_.mask;
    case kCc:
      return state_.cc;
    case kCsts:
      return state_.csts;
    case kAqa:
      return state_.admin.aqa;
    case kAsq:
      return static_cast<std::uint32_t>(state_.admin.asq);
    case kAsq + 4:
      return static_cast<std::uint32_t>(state_.admin.asq >> 32);
    case kAcq:
      return static_cast<std::uint32_t>(state_.admin.acq);
    case kAcq + 4:
      return static_cast<std::uint32_t>(state_.admin.acq >> 32);
    default:
      return 0;  // reserved, and what CAP says is not there
  }
}

// 3.1: registers in their own width, those of 64 bits also by halves.
IoStatus NvmeController::read_bar(IoAccess access, std::uint64_t& value) {
  if (access.offset % access.width != 0) return IoStatus::misaligned;
  if (access.width != 4 && access.width != 8) return IoStatus::bad_width;
  value = 0;
  if (access.offset >= kRegistersEnd) return IoStatus::ok;  // reserved; doorbells are write only
  value = read_register(access.offset);
  if (access.width == 8) value |= std::uint64_t{read_register(access.offset + 4)} << 32;
  return IoStatus::ok;
}

IoStatus NvmeController::write_bar(IoAccess access, std::uint64_t value) {
  if (access.offset >= kDoorbells) return write_doorbell(access, value);
  if (access.offset % access.width != 0) return IoStatus::misaligned;
  if (access.width != 4 && access.width != 8) return IoStatus::bad_width;
  write_register(access.offset, static_cast<std::uint32_t>(value));
  if (access.width == 8) write_register(access.offset + 4, static_cast<std::uint32_t>(value >> 32));
  return IoStatus::ok;
}

IoStatus NvmeController::write_doorbell(IoAccess access, std::uint64_t value) {
  const std::uint64_t index = (access.offset - kDoorbells) / 4;
  if (access.offset % 4 != 0) return IoStatus::misaligned;
  if (access.width != 4) return IoStatus::bad_width;
  const auto queue = static_cast<std::size_t>(index / 2);
  if (queue >= doorbells_.queues()) return IoStatus::no_such_register;
  if (index % 2 == 0) {
    doorbells_.write_tail(queue, static_cast<std::uint32_t>(value));
  } else if (doorbells_.write_head(queue, static_cast<std::uint32_t>(value))) {
    settle_wire();
  }
  return IoStatus::ok;
}

IoStatus NvmeController::Registers::read(IoAccess access, std::uint64_t& value) {
  const IoStatus status = owner_.read_bar(access, value);
  if (status != IoStatus::ok) {
    owner_.service_->faults().report("read of {} bytes at {:#x}", access.width, access.offset);
  }
  return status;
}

IoStatus NvmeController::Registers::write(IoAccess access, std::uint64_t value) {
  const IoStatus status = owner_.write_bar(access, value);
  if (status != IoStatus::ok) {
    owner_.service_->faults().report("write of {} bytes at {:#x}", access.width, access.offset);
  }
  return status;
}

std::string_view NvmeController::Registers::register_name(std::uint64_t offset,
                                                          bool /*is_write*/) const {
  if (offset >= kDoorbells) {
    const std::uint64_t index = (offset - kDoorbells) / 4;
    if (index / 2 >= owner_.doorbells_.queues()) return {};
    if (index < 2) return index == 0 ? "admin SQ tail doorbell" : "admin CQ head doorbell";
    return index % 2 == 0 ? "SQ tail doorbell" : "CQ head doorbell";
  }
  switch (offset & ~3ULL) {
    case kCap:
    case kCap + 4:
      return "CAP";
    case kVs:
      return "VS";
    case kIntms:
      return "INTMS";
    case kIntmc:
      return "INTMC";
    case kCc:
      return "CC";
    case kCsts:
      return "CSTS";
    case kNssr:
      return "NSSR";
    case kAqa:
      return "AQA";
    case kAsq:
    case kAsq + 4:
      return "ASQ";
    case kAcq:
    case kAcq + 4:
      return "ACQ";
    case kCmbloc:
      return "CMBLOC";
    case kCmbsz:
      return "CMBSZ";
    default:
      return {};
  }
}

}  // namespace skiff
