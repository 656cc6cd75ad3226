#include "devices/ide/ide_drive.h"

namespace skiff {

AtaPlan IdeDrive::execute_packet(std::span<const std::byte> /*packet*/) {
  fail(ata::kAbrt);
  return {};
}

void IdeDrive::request_data(std::uint32_t /*bytes*/) {
  state_.status = ata::kDrdy | ata::kDsc | ata::kDrq;
}

void IdeDrive::complete() {
  ready();
  state_.interrupt = true;
}

void IdeDrive::fail(std::uint8_t error, std::uint8_t status) {
  state_.error = error;
  state_.status = static_cast<std::uint8_t>(ata::kDrdy | ata::kDsc | ata::kErr | status);
  state_.interrupt = true;
}

void IdeDrive::set_signature(std::uint8_t lba_mid, std::uint8_t lba_high) {
  state_.task = {};
  state_.task.count.now = 1;
  state_.task.lba_low.now = 1;
  state_.task.lba_mid.now = lba_mid;
  state_.task.lba_high.now = lba_high;
  state_.error = ata::kDiagnosticPassed;
  state_.interrupt = false;
  state_.standby = false;
}

// PIO modes differ in nothing here; a DMA mode is only told again by IDENTIFY.
bool IdeDrive::set_transfer_mode(std::uint8_t mode) {
  constexpr std::uint8_t kPioFlowControl = 0x08;
  const std::uint8_t kind = mode & 0xf8;
  const std::uint8_t number = mode & 7;
  if (kind == 0) return number <= 1;  // PIO default, without IORDY
  if (kind == kPioFlowControl) return number <= 4;
  const bool known = (kind == ata::kMultiwordDma && number < kAtaMultiwordModes) ||
                     (kind == ata::kUltraDma && number < kAtaUltraModes);
  if (known) state_.settings.transfer_mode = mode;
  return known;
}

bool IdeDrive::set_power_mode(std::uint8_t command) {
  switch (command) {
    case ata::kStandbyImmediate:
    case ata::kStandby:
    case ata::kSleep:
      state_.standby = true;
      return true;
    case ata::kIdleImmediate:
    case ata::kIdle:
      state_.standby = false;
      return true;
    case ata::kCheckPowerMode:
      state_.task.count.now = state_.standby ? 0x00 : 0xff;
      return true;
    default:
      return false;
  }
}

}  // namespace skiff
