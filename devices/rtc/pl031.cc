#include "devices/rtc/pl031.h"

#include <array>
#include <utility>

#include "devices/primecell_id.h"
#include "devices/rtc/pl031_regs.h"

namespace skiff {

using namespace pl031;

namespace {

constexpr unsigned kPl031Part = 0x031;
constexpr unsigned kPl031Revision = 0;

}  // namespace

Pl031::Pl031(std::string name, IrqSink* irq, const Clock& clock, Executor& executor)
    : name_(std::move(name)),
      clock_(clock),
      faults_(name_),
      irq_(irq),
      timer_(executor.create_timer([this] { on_alarm(); })) {}

bool Pl031::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  if (access.offset % 4 != 0) {
    status = IoStatus::misaligned;
  } else if (register_name(access.offset, false).empty()) {
    status = IoStatus::no_such_register;
  } else if (access.width != 4) {
    status = IoStatus::bad_width;
  }
  if (status != IoStatus::ok) {
    faults_.report("access of {} bytes at offset {:#x}", access.width, access.offset);
  }
  return status == IoStatus::ok;
}

// 32 bits as the register has them: they wrap in 2106.
std::uint32_t Pl031::now() const {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(clock_.wall()).count();
  return static_cast<std::uint32_t>(seconds) + state_.offset;
}

IoStatus Pl031::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (!check(access, status)) return status;
  MutexLock lock(mutex_);
  switch (access.offset) {
    case kDr:
      value = now();
      break;
    case kMr:
      value = state_.match;
      break;
    case kLr:
      value = state_.load;
      break;
    case kCr:
      value = 1;
      break;
    case kImsc:
      value = state_.unmasked ? 1 : 0;
      break;
    case kRis:
      value = state_.pending ? 1 : 0;
      break;
    case kMis:
      value = state_.pending && state_.unmasked ? 1 : 0;
      break;
    default:
      value = primecell_id(access.offset, kPl031Part, kPl031Revision).value_or(0);
      break;
  }
  return IoStatus::ok;
}

void Pl031::write_register(std::uint64_t offset, std::uint32_t value) {
  switch (offset) {
    case kMr:
      state_.match = value;
      break;
    case kLr:
      state_.load = value;
      state_.offset += value - now();
      break;
    case kImsc:
      state_.unmasked = (value & 1) != 0;
      break;
    case kIcr:
      if ((value & 1) != 0) state_.pending = false;
      break;
    default:  // DR, RIS, MIS and the identification are for reading; CR cannot be cleared
      break;
  }
}

IoStatus Pl031::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  {
    MutexLock lock(mutex_);
    write_register(access.offset, static_cast<std::uint32_t>(value));
  }
  if (access.offset == kMr || access.offset == kLr) arm();
  sync_irq();
  return IoStatus::ok;
}

// The alarm is for the second in which DR becomes equal to MR (2.3.1), which may be 136 years away.
void Pl031::arm() {
  std::uint32_t seconds = 0;
  {
    MutexLock lock(mutex_);
    seconds = state_.match - now();
  }
  // To the beginning of that second, as far as the wall clock has got in this one.
  const auto into = clock_.wall() % std::chrono::seconds(1);
  const auto until = std::chrono::seconds(seconds) - (seconds != 0 ? into : Clock::Nanoseconds(0));
  timer_->arm(clock_.monotonic() + until);
}

void Pl031::on_alarm() {
  bool early = false;
  {
    MutexLock lock(mutex_);
    // The guest may have set another time meanwhile; a whole second late is still this alarm.
    early = now() - state_.match > 0x7fff'ffffU;
    if (!early) state_.pending = true;
  }
  if (early) return arm();
  sync_irq();
}

void Pl031::sync_irq() {
  irq_.sync([this] {
    MutexLock lock(mutex_);
    return state_.pending && state_.unmasked;
  });
}

Pl031::State Pl031::state() const {
  MutexLock lock(mutex_);
  return state_;
}

std::string_view Pl031::register_name(std::uint64_t offset, bool) const {
  static constexpr std::array<std::string_view, 8> kNames = {
      "RTCDR", "RTCMR", "RTCLR", "RTCCR", "RTCIMSC", "RTCRIS", "RTCMIS", "RTCICR"};
  if (offset % 4 != 0) return {};
  return offset <= kIcr ? kNames[offset / 4] : primecell_id_name(offset);
}

}  // namespace skiff
