#include "devices/ide/atapi_command.h"

#include <algorithm>
#include <cassert>
#include <string_view>

namespace skiff {

using namespace atapi;

AtapiAnswer& AtapiAnswer::put(std::uint64_t value, unsigned width) {
  assert(size_ + width <= kCapacity);
  size_ += width;
  put_at(size_ - width, value, width);
  return *this;
}

AtapiAnswer& AtapiAnswer::text(const char* text, std::size_t width) {
  const std::string_view view(text);
  for (std::size_t i = 0; i < width; ++i)
    put(i < view.size() ? static_cast<unsigned char>(view[i]) : ' ', 1);
  return *this;
}

AtapiAnswer& AtapiAnswer::zeros(std::size_t count) {
  assert(size_ + count <= kCapacity);
  size_ += count;
  return *this;
}

void AtapiAnswer::put_at(std::size_t offset, std::uint64_t value, unsigned width) {
  for (unsigned i = 0; i < width; ++i)
    bytes_.at(offset + i) = static_cast<std::byte>(value >> (8 * (width - 1 - i)));
}

void AtapiAnswer::cut(std::size_t size) {
  size_ = std::min(size_, size);
}

namespace {

// A CD holds up to 80 minutes of 75 blocks a second; what is larger is a DVD.
constexpr std::uint32_t kCdBlocks = 80 * 60 * 75;
constexpr std::uint32_t kLeadIn = 150;     // blocks before block 0: two seconds
constexpr std::uint32_t kMaxSpeed = 8467;  // 48 x 176.4 [kB/s]

std::uint32_t field(AtapiPacket packet, std::size_t offset, unsigned width) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < width; ++i)
    value = value << 8 | std::to_integer<std::uint32_t>(packet[offset + i]);
  return value;
}

AtapiResult error(const Sense& sense) {
  return {.kind = AtapiResult::Kind::error, .sense = sense};
}

AtapiResult answer(AtapiAnswer bytes, std::uint32_t allocation) {
  bytes.cut(allocation);
  // An allocation length of zero is no error (SPC-3).
  const auto kind = bytes.size() == 0 ? AtapiResult::Kind::done : AtapiResult::Kind::answer;
  return {.kind = kind, .answer = bytes};
}

AtapiResult read(std::uint32_t block, std::uint32_t blocks, const AtapiDisc& disc) {
  if (block > disc.blocks || blocks > disc.blocks - block) return error(kBlockOutOfRange);
  if (blocks == 0) return {};
  return {.kind = AtapiResult::Kind::read, .block = block, .blocks = blocks};
}

// INQUIRY: a removable CD drive, by the rules of ATAPI (INF-8020i).
AtapiResult inquiry(AtapiPacket packet) {
  if ((field(packet, 1, 1) & 1) != 0 || field(packet, 2, 1) != 0) return error(kInvalidField);
  AtapiAnswer out;
  out.put(0x05, 1).put(0x80, 1).put(0x00, 1).put(0x21, 1).put(31, 1).zeros(3);
  out.text("Skiff", 8).text("CD-ROM", 16).text("1.0", 4);
  return answer(out, field(packet, 3, 2));
}

// GET CONFIGURATION: features in the order of their numbers.
AtapiResult get_configuration(AtapiPacket packet, const AtapiDisc& disc) {
  const bool is_cd = disc.blocks <= kCdBlocks;
  const std::uint32_t how = field(packet, 1, 1) & 3;  // all, current, one
  const std::uint32_t from = field(packet, 2, 2);
  if (how == 3) return error(kInvalidField);
  const auto wanted = [&](std::uint32_t feature) {
    return how == 2 ? feature == from : feature >= from;
  };
  constexpr unsigned kCurrent = 1;
  constexpr unsigned kAlways = 3;  // persistent and current
  AtapiAnswer out;
  out.zeros(6).put(is_cd ? kProfileCdRom : kProfileDvdRom, 2);
  if (wanted(kFeatureProfiles)) {
    out.put(kFeatureProfiles, 2).put(kAlways, 1).put(8, 1);
    out.put(kProfileDvdRom, 2).put(is_cd ? 0 : kCurrent, 1).put(0, 1);
    out.put(kProfileCdRom, 2).put(is_cd ? kCurrent : 0, 1).put(0, 1);
  }
  // Version 1; the interface is ATAPI.
  if (wanted(kFeatureCore)) out.put(kFeatureCore, 2).put(4 | kAlways, 1).put(4, 1).put(2, 4);
  // A tray that cannot be locked or opened.
  if (wanted(kFeatureRemovable))
    out.put(kFeatureRemovable, 2).put(kAlways, 1).put(4, 1).put(0x20, 1).zeros(3);
  if (wanted(kFeatureRandomReadable)) {
    out.put(kFeatureRandomReadable, 2).put(kCurrent, 1).put(8, 1);
    out.put(kBlockSize, 4).put(1, 2).zeros(2);
  }
  const std::uint16_t medium = is_cd ? kFeatureCdRead : kFeatureDvdRead;
  if (wanted(medium)) {
    out.put(medium, 2).put(kCurrent, 1).put(is_cd ? 4 : 0, 1);
    if (is_cd) out.zeros(4);
  }
  out.put_at(0, out.size() - 4, 4);
  return answer(out, field(packet, 7, 2));
}

// GET EVENT STATUS NOTIFICATION: polled, of the class "media" (4); the disc is there and nothing
// happens to it.
AtapiResult get_event_status(AtapiPacket packet) {
  constexpr unsigned kMediaClass = 4;
  if ((field(packet, 1, 1) & 1) == 0) return error(kInvalidField);  // asynchronous
  const bool media = (field(packet, 4, 1) & 1U << kMediaClass) != 0;
  AtapiAnswer out;
  out.put(media ? 4 : 0, 2).put(media ? kMediaClass : 0x80, 1).put(1U << kMediaClass, 1);
  if (media) out.put(0, 1).put(0x02, 1).zeros(2);
  return answer(out, field(packet, 7, 2));
}

std::uint32_t minutes_seconds_frames(std::uint32_t block) {
  const std::uint32_t at = block + kLeadIn;
  return (at / (60 * 75) & 0xff) << 16 | (at / 75 % 60) << 8 | at % 75;
}

// READ TOC/PMA/ATIP: one session of one data track.
AtapiResult read_toc(AtapiPacket packet, const AtapiDisc& disc) {
  constexpr std::uint8_t kDataTrack = 0x14;
  constexpr std::uint8_t kLeadOutTrack = 0xaa;
  const bool msf = (field(packet, 1, 1) & 2) != 0;
  const std::uint32_t track = field(packet, 6, 1);
  // Old drives take the format from the control byte (INF-8020i).
  std::uint32_t format = field(packet, 2, 1) & 0xf;
  if (format == 0) format = field(packet, 9, 1) >> 6;
  const auto entry = [&](AtapiAnswer& out, std::uint8_t number, std::uint32_t block) {
    const std::uint32_t where = msf ? minutes_seconds_frames(block) : block;
    out.put(0, 1).put(kDataTrack, 1).put(number, 1).put(0, 1).put(where, 4);
  };
  AtapiAnswer out;
  out.zeros(2).put(1, 1).put(1, 1);
  if (format == 0) {
    if (track > 1 && track != kLeadOutTrack) return error(kInvalidField);
    if (track <= 1) entry(out, 1, 0);
    entry(out, kLeadOutTrack, disc.blocks);
  } else if (format == 1) {  // the last session's first track
    entry(out, 1, 0);
  } else {
    return error(kInvalidField);
  }
  out.put_at(0, out.size() - 2, 2);
  return answer(out, field(packet, 7, 2));
}

// READ DISC INFORMATION: complete, one session, not erasable.
AtapiResult read_disc_information(AtapiPacket packet) {
  if ((field(packet, 1, 1) & 7) != 0) return error(kInvalidField);
  AtapiAnswer out;
  out.put(32, 2).put(0x0e, 1).put(1, 1).put(1, 1).put(1, 1).put(1, 1).put(0x20, 1);
  out.zeros(8).put(0xffff'ffff, 4).put(0xffff'ffff, 4).zeros(10);
  return answer(out, field(packet, 7, 2));
}

void mode_page(AtapiAnswer& out, std::uint8_t page, bool values) {
  const std::size_t start = out.size();
  if (page == kPageErrorRecovery) {
    out.put(page, 1).put(10, 1).zeros(1).put(values ? 5 : 0, 1).zeros(8);  // retries
  } else {
    // CD/DVD capabilities and mechanical status page: reads every kind of disc, has a tray, cannot
    // eject.
    constexpr std::size_t kSize = 20;
    out.put(page, 1).put(kSize - 2, 1).zeros(kSize - 2);
    if (!values) return;
    out.put_at(start + 2, 0x3b, 1);
    out.put_at(start + 4, 0x70, 1);
    out.put_at(start + 6, 0x20, 1);
    out.put_at(start + 8, kMaxSpeed, 2);
    out.put_at(start + 10, 2, 2);    // volume levels
    out.put_at(start + 12, 512, 2);  // buffer [KiB]
    out.put_at(start + 14, kMaxSpeed, 2);
  }
}

AtapiResult mode_sense(AtapiPacket packet) {
  const std::uint32_t what = field(packet, 2, 1) >> 6;  // current, changeable, default, saved
  const auto page = static_cast<std::uint8_t>(field(packet, 2, 1) & 0x3f);
  if (what == 3) return error(kSavingNotSupported);
  AtapiAnswer out;
  out.zeros(kModeHeaderSize);
  for (const std::uint8_t each : {kPageErrorRecovery, kPageCapabilities})
    if (page == each || page == kPageAll) mode_page(out, each, what != 1);
  if (out.size() == kModeHeaderSize) return error(kInvalidField);
  out.put_at(0, out.size() - 2, 2);
  return answer(out, field(packet, 7, 2));
}

// READ CD: user data of a block of mode 1, or none of it.
AtapiResult read_cd(AtapiPacket packet, const AtapiDisc& disc) {
  const std::uint32_t type = field(packet, 1, 1) >> 2 & 7;
  const std::uint32_t parts = field(packet, 9, 1) & 0xf8;
  if ((type != 0 && type != 2) || (field(packet, 10, 1) & 7) != 0) return error(kInvalidField);
  if (parts != 0 && parts != 0x10) return error(kInvalidField);
  return read(field(packet, 2, 4), parts == 0 ? 0 : field(packet, 6, 3), disc);
}

}  // namespace

AtapiResult execute_atapi(AtapiPacket packet, const AtapiDisc& disc) {
  switch (field(packet, 0, 1)) {
    case kTestUnitReady:
    case kPreventRemoval:
    case kSetCdSpeed:
      return {};
    case kStartStopUnit:  // started and stopped in words only; LOEJ: the disc stays
      return (field(packet, 4, 1) & 2) != 0 ? error(kInvalidField) : AtapiResult{};
    case kInquiry:
      return inquiry(packet);
    case kReadCapacity:
      return answer(AtapiAnswer().put(disc.blocks - 1, 4).put(kBlockSize, 4), 8);
    case kRead10:
      return read(field(packet, 2, 4), field(packet, 7, 2), disc);
    case kRead12:
      return read(field(packet, 2, 4), field(packet, 6, 4), disc);
    case kReadCd:
      return read_cd(packet, disc);
    case kSeek10:
      return read(field(packet, 2, 4), 0, disc);
    case kReadToc:
      return read_toc(packet, disc);
    case kGetConfiguration:
      return get_configuration(packet, disc);
    case kGetEventStatus:
      return get_event_status(packet);
    case kReadDiscInformation:
      return read_disc_information(packet);
    case kModeSense10:
      return mode_sense(packet);
    case kMechanismStatus:
      return answer(AtapiAnswer().zeros(8), field(packet, 8, 2));
    default:
      return error(kInvalidOperation);
  }
}

AtapiResult atapi_request_sense(AtapiPacket packet, const Sense& sense) {
  AtapiAnswer out;
  out.put(0x70, 1).zeros(1).put(sense.key, 1).zeros(4).put(10, 1).zeros(4);
  out.put(sense.code, 1).put(sense.qualifier, 1).zeros(4);
  return answer(out, field(packet, 4, 1));
}

bool atapi_reports_reset(std::uint8_t operation) {
  return operation != kInquiry && operation != kRequestSense && operation != kGetConfiguration &&
         operation != kGetEventStatus;
}

}  // namespace skiff
