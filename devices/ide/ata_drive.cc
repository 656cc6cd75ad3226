#include "devices/ide/ata_drive.h"

#include <bit>
#include <utility>

namespace skiff {

AtaDrive::AtaDrive(AtaIdentity identity, bool read_only)
    : identity_(std::move(identity)), read_only_(read_only) {
  power_on();
}

void AtaDrive::power_on() {
  state_ = {};
  state_.settings.geometry = identity_.geometry;
  set_signature(0, 0);
  ready();
}

void AtaDrive::reset() {
  if (!state_.keeps_settings) {
    // 8.46.7: the transfer mode is kept, and the geometry is the host's until power goes.
    state_.settings.multiple = kAtaMostMultiple;
    state_.settings.write_cache = true;
    state_.settings.look_ahead = true;
  }
  set_signature(0, 0);
  ready();
}

void AtaDrive::fail_at(std::uint64_t lba, bool ext, std::uint8_t error, std::uint8_t status) {
  state_.task.set_failed(lba, ext, state_.settings.geometry);
  fail(error, status);
}

AtaPlan AtaDrive::execute(std::uint8_t command) {
  state_.interrupt = false;
  state_.error = 0;
  if (command == ata::kExecuteDiagnostic) return {.action = AtaAction::diagnostic};
  if (command == ata::kIdentifyDevice) {
    answer_ = ata_identify(identity_, state_.settings);
    return {.action = AtaAction::answer, .answer = answer_};
  }
  if (command == ata::kFlushCache || command == ata::kFlushCacheExt) {
    return {.action = AtaAction::flush};
  }
  if (const auto planned = transfer(command)) {
    if (planned->action != AtaAction::none) state_.standby = false;
    return *planned;
  }
  if (execute_setting(command)) {
    complete();
  } else {
    fail(ata::kAbrt);
  }
  return {};
}

// Range and permission, the same for all that moves sectors.
AtaPlan AtaDrive::plan(AtaAction action, bool ext, std::uint32_t block_sectors, bool fua) {
  const bool is_write = action == AtaAction::pio_out || action == AtaAction::dma_out;
  if (is_write && read_only_) {
    fail(ata::kAbrt);
    return {};
  }
  const auto range = ext ? state_.task.range48() : state_.task.range28(state_.settings.geometry);
  if (!range || range->lba >= identity_.sectors ||
      range->sectors > identity_.sectors - range->lba) {
    fail(ata::kIdnf);
    return {};
  }
  return {.action = action,
          .range = *range,
          .block = block_sectors * ata::kSectorSize,
          .ext = ext,
          .fua = fua || (is_write && !state_.settings.write_cache)};
}

AtaPlan AtaDrive::multiple(AtaAction action, bool ext, bool fua) {
  if (state_.settings.multiple == 0) {  // 8.26: not set, not possible
    fail(ata::kAbrt);
    return {};
  }
  return plan(action, ext, state_.settings.multiple, fua);
}

AtaPlan AtaDrive::trim() {
  const std::uint32_t blocks =
      std::uint32_t{state_.task.count.previous} << 8 | state_.task.count.now;
  if (!identity_.can_trim || read_only_ || state_.task.features.now != ata::kTrim || blocks == 0 ||
      blocks > kAtaMostTrimBlocks) {
    fail(ata::kAbrt);
    return {};
  }
  return {.action = AtaAction::trim, .range = {0, blocks}, .ext = true};
}

std::optional<AtaPlan> AtaDrive::transfer(std::uint8_t command) {
  switch (command) {
    case ata::kReadSectors:
    case ata::kReadSectors + 1:
      return plan(AtaAction::pio_in, false);
    case ata::kReadSectorsExt:
      return plan(AtaAction::pio_in, true);
    case ata::kReadMultiple:
      return multiple(AtaAction::pio_in, false);
    case ata::kReadMultipleExt:
      return multiple(AtaAction::pio_in, true);
    case ata::kReadDma:
    case ata::kReadDma + 1:
      return plan(AtaAction::dma_in, false);
    case ata::kReadDmaExt:
      return plan(AtaAction::dma_in, true);
    case ata::kWriteSectors:
    case ata::kWriteSectors + 1:
      return plan(AtaAction::pio_out, false);
    case ata::kWriteSectorsExt:
      return plan(AtaAction::pio_out, true);
    case ata::kWriteMultiple:
      return multiple(AtaAction::pio_out, false);
    case ata::kWriteMultipleExt:
      return multiple(AtaAction::pio_out, true);
    case ata::kWriteMultipleFuaExt:
      return multiple(AtaAction::pio_out, true, true);
    case ata::kWriteDma:
    case ata::kWriteDma + 1:
      return plan(AtaAction::dma_out, false);
    case ata::kWriteDmaExt:
      return plan(AtaAction::dma_out, true);
    case ata::kWriteDmaFuaExt:
      return plan(AtaAction::dma_out, true, 1, true);
    case ata::kReadVerify:
    case ata::kReadVerify + 1:
      return plan(AtaAction::verify, false);
    case ata::kReadVerifyExt:
      return plan(AtaAction::verify, true);
    case ata::kDataSetManagement:
      return trim();
    default:
      return std::nullopt;
  }
}

// Commands without data; false: aborted.
bool AtaDrive::execute_setting(std::uint8_t command) {
  // Codes with a don't-care digit.
  if ((command & 0xf0) == ata::kRecalibrate) return true;
  if ((command & 0xf0) == ata::kSeek) return true;
  // 0x94 to 0x99 are the old codes of 0xe0 to 0xe3, 0xe5 and 0xe6.
  constexpr std::array<std::uint8_t, 6> kOld = {ata::kStandbyImmediate, ata::kIdleImmediate,
                                                ata::kStandby,          ata::kIdle,
                                                ata::kCheckPowerMode,   ata::kSleep};
  if (command >= 0x94 && command <= 0x99) command = kOld.at(command - 0x94U);
  AtaTaskFile& task = state_.task;
  switch (command) {
    case ata::kInitializeParameters: {
      const std::uint32_t heads = (task.device & 0x0fU) + 1;
      const std::uint32_t sectors = task.count.now;
      if (sectors == 0) return false;
      const std::uint64_t cylinders = identity_.sectors / (heads * sectors);
      state_.settings.geometry = {static_cast<std::uint32_t>(cylinders < 65535 ? cylinders : 65535),
                                  heads, sectors};
      return true;
    }
    case ata::kSetMultiple: {
      const std::uint8_t sectors = task.count.now;
      if (sectors > kAtaMostMultiple || (sectors != 0 && !std::has_single_bit(sectors))) {
        state_.settings.multiple = 0;
        return false;
      }
      state_.settings.multiple = sectors;
      return true;
    }
    case ata::kReadNativeMax:
      task.set_lba28((identity_.sectors < kAtaMostLba28 ? identity_.sectors : kAtaMostLba28) - 1);
      return true;
    case ata::kReadNativeMaxExt:
      task.set_lba48(identity_.sectors - 1);
      return true;
    case ata::kSetFeatures:
      return set_feature();
    default:
      return set_power_mode(command);
  }
}

bool AtaDrive::set_feature() {
  switch (state_.task.features.now) {
    case ata::kEnableWriteCache:
      state_.settings.write_cache = true;
      return true;
    case ata::kDisableWriteCache:
      state_.settings.write_cache = false;
      return true;
    case ata::kEnableLookAhead:
      state_.settings.look_ahead = true;
      return true;
    case ata::kDisableLookAhead:
      state_.settings.look_ahead = false;
      return true;
    case ata::kKeepDefaults:
      state_.keeps_settings = true;
      return true;
    case ata::kRevertDefaults:
      state_.keeps_settings = false;
      return true;
    case ata::kSetTransferMode:
      return set_transfer_mode(state_.task.count.now);
    default:
      return false;
  }
}

}  // namespace skiff
