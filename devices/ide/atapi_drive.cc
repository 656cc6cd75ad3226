#include "devices/ide/atapi_drive.h"

#include <algorithm>
#include <utility>

namespace skiff {
namespace {

constexpr std::uint32_t kSectorsOfBlock = atapi::kBlockSize / ata::kSectorSize;
// So that a block's number in sectors, and every count of them, fits 32 bits.
constexpr std::uint64_t kMostBlocks = (1ULL << 30) - 1;

AtapiDisc disc_of(const AtaIdentity& identity) {
  return {static_cast<std::uint32_t>(std::min(identity.sectors / kSectorsOfBlock, kMostBlocks))};
}

}  // namespace

AtapiDrive::AtapiDrive(AtaIdentity identity)
    : identity_(std::move(identity)), disc_(disc_of(identity_)) {
  power_on();
}

std::uint64_t AtapiDrive::sectors() const {
  return std::uint64_t{disc_.blocks} * kSectorsOfBlock;
}

void AtapiDrive::power_on() {
  state_ = {};
  start_again();
}

void AtapiDrive::reset() {
  start_again();
}

// 9.12: no DRDY before the first command.
void AtapiDrive::start_again() {
  set_signature(ata::kPacketSignatureMid, ata::kPacketSignatureHigh);
  state_.status = 0;
  sense_ = {};
  reset_pending_ = true;
  in_packet_ = false;
  awaits_packet_ = false;
}

AtaPlan AtapiDrive::execute(std::uint8_t command) {
  state_.interrupt = false;
  state_.error = 0;
  in_packet_ = false;
  awaits_packet_ = false;
  switch (command) {
    case ata::kPacket:
      return expect_packet();
    case ata::kIdentifyPacketDevice:
      answer_ = atapi_identify(identity_, state_.settings);
      return {.action = AtaAction::answer, .answer = answer_};
    case ata::kExecuteDiagnostic:
      return {.action = AtaAction::diagnostic};
    case ata::kDeviceReset:
      set_signature(ata::kPacketSignatureMid, ata::kPacketSignatureHigh);
      state_.status = 0;
      return {};
    case ata::kIdentifyDevice:
    case ata::kReadSectors:
      // Refused by a packet device, and the signature says what this is.
      set_signature(ata::kPacketSignatureMid, ata::kPacketSignatureHigh);
      fail(ata::kAbrt);
      return {};
    default:
      break;
  }
  if (execute_setting(command)) {
    complete();
  } else {
    fail(ata::kAbrt);
  }
  return {};
}

bool AtapiDrive::execute_setting(std::uint8_t command) {
  if (command != ata::kSetFeatures) return set_power_mode(command);
  return state_.task.features.now == ata::kSetTransferMode &&
         set_transfer_mode(state_.task.count.now);
}

AtaPlan AtapiDrive::expect_packet() {
  const AtaTaskFile& task = state_.task;
  if ((task.features.now & ata::kFeatureOverlap) != 0) {
    fail(ata::kAbrt);
    return {};
  }
  by_dma_ = (task.features.now & ata::kFeatureDma) != 0;
  byte_limit_ = std::uint32_t{task.lba_high.now} << 8 | task.lba_mid.now;
  // A DRQ block is even, and FFFFh means FFFEh.
  if (byte_limit_ > 1) byte_limit_ &= ~1U;
  in_packet_ = true;
  awaits_packet_ = true;
  return {.action = AtaAction::packet, .block = atapi::kPacketSize};
}

// The interrupt reason of a packet, of data, and of status; the size of a DRQ block.
void AtapiDrive::request_data(std::uint32_t bytes) {
  IdeDrive::request_data(bytes);
  if (!in_packet_) return;
  state_.task.count.now = awaits_packet_ ? ata::kReasonCommand : ata::kReasonToHost;
  if (awaits_packet_ || bytes == 0) return;
  state_.task.lba_mid.now = static_cast<std::uint8_t>(bytes);
  state_.task.lba_high.now = static_cast<std::uint8_t>(bytes >> 8);
}

void AtapiDrive::complete() {
  IdeDrive::complete();
  if (in_packet_) state_.task.count.now = ata::kReasonCommand | ata::kReasonToHost;
  in_packet_ = false;
}

void AtapiDrive::check_condition(const atapi::Sense& sense) {
  sense_ = sense;
  state_.task.count.now = ata::kReasonCommand | ata::kReasonToHost;
  in_packet_ = false;
  fail(static_cast<std::uint8_t>(sense.key << 4));
}

void AtapiDrive::fail_at(std::uint64_t /*lba*/, bool /*ext*/, std::uint8_t /*error*/,
                         std::uint8_t /*status*/) {
  check_condition(atapi::kUnrecoveredRead);
}

AtaPlan AtapiDrive::execute_packet(std::span<const std::byte> packet) {
  awaits_packet_ = false;
  const AtapiPacket bytes(packet.first<atapi::kPacketSize>());
  const auto operation = std::to_integer<std::uint8_t>(bytes[0]);
  if (operation == atapi::kRequestSense) {
    const bool tells_reset = std::exchange(reset_pending_, false) && sense_ == atapi::kNoSense;
    return transfer(atapi_request_sense(
        bytes, tells_reset ? atapi::kPowerOnOrReset : std::exchange(sense_, {})));
  }
  sense_ = {};
  if (atapi_reports_reset(operation) && std::exchange(reset_pending_, false)) {
    check_condition(atapi::kPowerOnOrReset);
    return {};
  }
  return transfer(execute_atapi(bytes, disc_));
}

AtaPlan AtapiDrive::transfer(const AtapiResult& result) {
  if (result.kind == AtapiResult::Kind::error) {
    check_condition(result.sense);
    return {};
  }
  if (result.kind == AtapiResult::Kind::done) {
    complete();
    return {};
  }
  // Where data moves by PIO, the host must have said how much it takes at once.
  if (!by_dma_ && byte_limit_ < 2) {
    check_condition(atapi::kInvalidField);
    return {};
  }
  if (result.kind == AtapiResult::Kind::answer) {
    std::ranges::copy(result.answer.bytes(), answer_.begin());
    return {.action = by_dma_ ? AtaAction::answer_dma : AtaAction::answer,
            .block = byte_limit_,
            .answer = std::span(answer_).first(result.answer.size())};
  }
  return {.action = by_dma_ ? AtaAction::dma_in : AtaAction::pio_in,
          .range = {std::uint64_t{result.block} * kSectorsOfBlock, result.blocks * kSectorsOfBlock},
          .block = byte_limit_};
}

}  // namespace skiff
