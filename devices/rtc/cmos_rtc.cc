#include "devices/rtc/cmos_rtc.h"

#include <algorithm>
#include <utility>

#include "devices/rtc/cmos_rtc_regs.h"
#include "vmm/base/bits.h"

namespace skiff {

using namespace cmos_rtc;

namespace {

using RegisterArray = std::array<std::uint8_t, kSize>;

void store(RegisterArray& ram, std::uint8_t at, unsigned bytes, std::uint64_t value) {
  for (unsigned byte = 0; byte < bytes; ++byte) {
    ram[at + byte] = static_cast<std::uint8_t>(value >> (8 * byte));
  }
}

// What firmware leaves behind after it has counted the memory.
RegisterArray power_on_ram(CmosMemorySizes memory) {
  const auto above = [&](std::uint64_t start, std::uint64_t unit, std::uint64_t limit) {
    return std::min(memory.below_4g > start ? (memory.below_4g - start) / unit : 0, limit);
  };
  RegisterArray ram{};
  ram[kRegisterA] = 0x26;  // 32.768 kHz, 1024 Hz periodic
  ram[kRegisterB] = kHours24;
  ram[kRegisterD] = kVrt;
  ram[kEquipment] = 0x02;  // a coprocessor, no display adapter, no floppy drive
  store(ram, kBaseMemory, 2, std::min<std::uint64_t>(memory.below_4g / KiB, 640));
  store(ram, kExtendedMemory, 2, above(MiB, KiB, 0xffff));
  store(ram, kExtendedMemoryFound, 2, above(MiB, KiB, 0xffff));
  store(ram, kMemoryAbove16M, 2, above(16 * MiB, 64 * KiB, 0xffff));
  store(ram, kMemoryAbove4G, 3, std::min<std::uint64_t>(memory.above_4g / (64 * KiB), 0xff'ffff));
  unsigned sum = 0;
  for (unsigned at = 0x10; at < kChecksum; ++at)
    sum += ram[at];
  ram[kChecksum] = static_cast<std::uint8_t>(sum >> 8);
  ram[kChecksum + 1] = static_cast<std::uint8_t>(sum);
  return ram;
}

}  // namespace

CmosRtc::CmosRtc(std::string name, IrqSink* irq, const Clock& clock, Executor& executor,
                 CmosMemorySizes memory)
    : name_(std::move(name)),
      clock_(clock),
      faults_(name_),
      irq_(irq),
      timer_(executor.create_timer([this] { on_timer(); })) {
  MutexLock lock(mutex_);
  state_.ram = power_on_ram(memory);
  state_.seen_second = guest_time().second;
  state_.seen_tick = periodic_tick();
}

bool CmosRtc::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  if (access.offset > kDataPort) {
    status = IoStatus::no_such_register;
  } else if (access.width != 1) {
    status = IoStatus::bad_width;
    faults_.report("access of {} bytes to an 8-bit port", access.width);
  }
  return status == IoStatus::ok;
}

IoStatus CmosRtc::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (!check(access, status)) return status;
  if (access.offset == kIndexPort) {
    value = 0xff;  // write-only on a PC
    return IoStatus::ok;
  }
  bool cleared_flags = false;
  {
    MutexLock lock(mutex_);
    cleared_flags = state_.index == kRegisterC;
    value = read_data();
  }
  if (cleared_flags) act();
  return IoStatus::ok;
}

IoStatus CmosRtc::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  const auto byte = static_cast<std::uint8_t>(value);
  {
    MutexLock lock(mutex_);
    if (access.offset == kIndexPort) {
      state_.index = byte & (kSize - 1);
      state_.nmi_disabled = (byte & kNmiDisable) != 0;
      return IoStatus::ok;
    }
    write_data(byte);
  }
  act();
  return IoStatus::ok;
}

void CmosRtc::on_timer() {
  {
    MutexLock lock(mutex_);
    catch_up();
  }
  {
    MutexLock lock(timer_mutex_);
    armed_ = false;
  }
  act();
}

// Wire and timer follow the registers. Both read them again under a mutex of their own, so that of
// two threads the last one in leaves what is true then.
void CmosRtc::act() {
  irq_.sync([this] {
    MutexLock lock(mutex_);
    return irq_flag();
  });
  MutexLock timer_lock(timer_mutex_);
  std::optional<Clock::Nanoseconds> deadline;
  {
    MutexLock lock(mutex_);
    deadline = next_deadline();
  }
  if (deadline) {
    timer_->arm(*deadline);
  } else if (armed_) {
    timer_->cancel();
  }
  armed_ = deadline.has_value();
}

CmosRtc::State CmosRtc::state() const {
  MutexLock lock(mutex_);
  return state_;
}

void CmosRtc::restore(const State& state) {
  {
    // Wide enough for every date the registers can hold, narrow enough to add to.
    constexpr std::int64_t kFar = std::int64_t{1} << 40;
    MutexLock lock(mutex_);
    state_ = state;
    state_.index &= kSize - 1;
    state_.offset_seconds = std::clamp(state_.offset_seconds, -kFar, kFar);
    state_.phase = std::clamp<std::int64_t>(state_.phase, 0, 999'999'999);
    state_.seen_second = std::clamp(state_.seen_second, -kFar, kFar);
    state_.seen_tick = periodic_tick();  // this host's clock began elsewhere
  }
  act();
}

void CmosRtc::reset() {
  {
    MutexLock lock(mutex_);
    state_.ram[kRegisterB] &= static_cast<std::uint8_t>(~(kPie | kAie | kUie | kSqwe));
    state_.ram[kRegisterC] = 0;
  }
  act();
}

std::string_view CmosRtc::register_name(std::uint64_t offset, bool) const {
  if (offset == kIndexPort) return "INDEX";
  if (offset == kDataPort) return "DATA";
  return {};
}

}  // namespace skiff
