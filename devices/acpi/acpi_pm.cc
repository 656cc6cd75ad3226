#include "devices/acpi/acpi_pm.h"

#include <utility>

#include "devices/acpi/acpi_pm_regs.h"

namespace skiff {

using namespace acpi_pm;

namespace {

std::uint16_t lane(std::uint8_t byte, std::uint64_t offset) {
  return static_cast<std::uint16_t>(byte << (8 * (offset & 1)));
}

// The register with one of its two bytes replaced.
std::uint16_t replace_lane(std::uint16_t value, std::uint8_t byte, std::uint64_t offset) {
  const std::uint16_t mask = lane(0xff, offset);
  return static_cast<std::uint16_t>((value & ~mask) | lane(byte, offset));
}

}  // namespace

AcpiPm::AcpiPm(std::string name, IrqSink* sci, std::function<void()> power_off)
    : name_(std::move(name)), power_off_(std::move(power_off)), faults_(name_), sci_(sci) {}

bool AcpiPm::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  if (access.offset >= kSize) {
    status = IoStatus::no_such_register;
    return false;
  }
  const std::uint64_t block_end = access.offset < kPm1Cnt ? kPm1Cnt : kSize;
  if (access.width == 0 || access.width > block_end - access.offset) {
    status = IoStatus::bad_width;
    faults_.report("access of {} bytes at {} crosses the end of {}", access.width, access.offset,
                   access.offset < kPm1Cnt ? "PM1a_EVT_BLK" : "PM1a_CNT_BLK");
  }
  return status == IoStatus::ok;
}

IoStatus AcpiPm::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (!check(access, status)) return status;
  MutexLock lock(mutex_);
  value = 0;
  for (unsigned byte = 0; byte < access.width; ++byte) {
    value |= std::uint64_t{read_byte(access.offset + byte)} << (8 * byte);
  }
  return IoStatus::ok;
}

IoStatus AcpiPm::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  bool sleep = false;
  unsigned type = 0;
  {
    MutexLock lock(mutex_);
    for (unsigned byte = 0; byte < access.width; ++byte) {
      sleep |= write_byte(access.offset + byte, static_cast<std::uint8_t>(value >> (8 * byte)));
    }
    type = static_cast<unsigned>(state_.pm1_cnt & kSlpTypMask) >> kSlpTypShift;
  }
  sync_sci();
  if (!sleep) return IoStatus::ok;
  if (type != kSlpTypS5) {
    faults_.report("sleep type {} asked for; only 5 (S5) is there", type);
  } else if (power_off_) {
    power_off_();
  }
  return IoStatus::ok;
}

std::uint8_t AcpiPm::read_byte(std::uint64_t offset) const {
  std::uint16_t value = 0;
  if (offset < kPm1En) {
    value = state_.pm1_sts;
  } else if (offset < kPm1Cnt) {
    value = state_.pm1_en;
  } else {
    value = state_.pm1_cnt | kSciEn;
  }
  return static_cast<std::uint8_t>(value >> (8 * (offset & 1)));
}

bool AcpiPm::write_byte(std::uint64_t offset, std::uint8_t byte) {
  if (offset < kPm1En) {
    state_.pm1_sts = static_cast<std::uint16_t>(state_.pm1_sts & ~lane(byte, offset));
    return false;
  }
  if (offset < kPm1Cnt) {
    state_.pm1_en = replace_lane(state_.pm1_en, byte, offset) & kEnableMask;
    return false;
  }
  state_.pm1_cnt = replace_lane(state_.pm1_cnt, byte, offset) & kControlKept;
  return (lane(byte, offset) & kSlpEn) != 0;
}

void AcpiPm::press_power_button() {
  {
    MutexLock lock(mutex_);
    state_.pm1_sts |= kPwrbtn;
  }
  sync_sci();
}

void AcpiPm::sync_sci() {
  sci_.sync([this] {
    MutexLock lock(mutex_);
    return (state_.pm1_sts & state_.pm1_en) != 0;
  });
}

AcpiPm::State AcpiPm::state() const {
  MutexLock lock(mutex_);
  return state_;
}

void AcpiPm::restore(const State& state) {
  {
    MutexLock lock(mutex_);
    state_ = state;
    state_.pm1_sts &= kEnableMask;
    state_.pm1_en &= kEnableMask;
    state_.pm1_cnt &= kControlKept;
  }
  sync_sci();
}

std::string_view AcpiPm::register_name(std::uint64_t offset, bool) const {
  if (offset >= kSize) return {};
  if (offset < kPm1En) return "PM1a_STS";
  return offset < kPm1Cnt ? "PM1a_EN" : "PM1a_CNT";
}

}  // namespace skiff
