#include "devices/e1000/e1000_phy.h"

namespace skiff {
namespace {

// IEEE 802.3, 22.2.4 and 40.5.1.1.
constexpr unsigned kControl = 0;
constexpr std::uint16_t kControlReset = 1U << 15;
constexpr std::uint16_t kControlSpeedLow = 1U << 13;
constexpr std::uint16_t kControlNegotiate = 1U << 12;
constexpr std::uint16_t kControlPowerDown = 1U << 11;
constexpr std::uint16_t kControlRestart = 1U << 9;
constexpr std::uint16_t kControlFullDuplex = 1U << 8;
constexpr std::uint16_t kControlSpeedHigh = 1U << 6;
constexpr unsigned kPhyStatus = 1;
constexpr std::uint16_t kStatusAbilities = 0x7949;  // all of 10 and 100, more in 15, can negotiate
constexpr std::uint16_t kStatusNegotiated = 1U << 5;
constexpr std::uint16_t kStatusLink = 1U << 2;
constexpr unsigned kId1 = 2;
constexpr unsigned kId2 = 3;
constexpr unsigned kAdvertised = 4;
constexpr unsigned kPartner = 5;
constexpr unsigned kExpansion = 6;
constexpr unsigned kNextPage = 7;
constexpr unsigned kGigabitControl = 9;
constexpr unsigned kGigabitStatus = 10;
constexpr unsigned kExtendedStatus = 15;
// The vendor's.
constexpr unsigned kSpecificControl = 16;
constexpr unsigned kSpecificStatus = 17;
constexpr unsigned kInterruptEnable = 18;
constexpr unsigned kExtendedControl = 20;
constexpr unsigned kPageSelect = 29;
constexpr unsigned kPageData = 30;

constexpr std::uint16_t kResolved = 1U << 11;
constexpr std::uint16_t kRealTimeLink = 1U << 10;

}  // namespace

void E1000Phy::reset() {
  registers_ = {};
  registers_[kControl] = kControlNegotiate | kControlFullDuplex | kControlSpeedHigh;
  registers_[kId1] = 0x0141;
  registers_[kId2] = 0x0c20;
  registers_[kAdvertised] = 0x0de1;  // 10, 100, both duplexes, pause
  registers_[kNextPage] = 0x2001;
  registers_[kGigabitControl] = 0x0300;  // 1000, both duplexes
  registers_[kExtendedStatus] = 0x3000;
  registers_[kSpecificControl] = 0x0068;
  registers_[kExtendedControl] = 0x0d60;
  link_ = false;
  settle();
}

void E1000Phy::set_cable(bool in) {
  cable_ = in;
  settle();
}

void E1000Phy::settle() {
  link_ = cable_ && (registers_[kControl] & kControlPowerDown) == 0;
  was_down_ = was_down_ || !link_;
}

E1000Phy::Speed E1000Phy::speed() const {
  const std::uint16_t control = registers_[kControl];
  if ((control & kControlNegotiate) == 0) {
    if ((control & kControlSpeedHigh) != 0) return Speed::mb1000;
    return (control & kControlSpeedLow) != 0 ? Speed::mb100 : Speed::mb10;
  }
  if ((registers_[kGigabitControl] & 0x0300) != 0) return Speed::mb1000;
  return (registers_[kAdvertised] & 0x0180) != 0 ? Speed::mb100 : Speed::mb10;
}

bool E1000Phy::full_duplex() const {
  if ((registers_[kControl] & kControlNegotiate) == 0) {
    return (registers_[kControl] & kControlFullDuplex) != 0;
  }
  switch (speed()) {
    case Speed::mb1000:
      return (registers_[kGigabitControl] & 0x0200) != 0;
    case Speed::mb100:
      return (registers_[kAdvertised] & 0x0100) != 0;
    case Speed::mb10:
      break;
  }
  return (registers_[kAdvertised] & 0x0040) != 0;
}

std::uint16_t E1000Phy::read(unsigned index) {
  const bool negotiated = link_ && (registers_[kControl] & kControlNegotiate) != 0;
  switch (index) {
    case kPhyStatus: {
      // Link status stays down until it has been read (22.2.4.2.13).
      const bool shown = link_ && !was_down_;
      was_down_ = !link_;
      return static_cast<std::uint16_t>(kStatusAbilities | (negotiated ? kStatusNegotiated : 0) |
                                        (shown ? kStatusLink : 0));
    }
    case kPartner:
      return negotiated ? 0x4de1 : 0;
    case kExpansion:
      return negotiated ? 0x000f : 0x0004;
    case kGigabitStatus:
      return negotiated ? 0x3c00 : 0;
    case kSpecificStatus: {
      if (!link_) return 0;
      const unsigned speed_bits = static_cast<unsigned>(speed()) << 14;
      return static_cast<std::uint16_t>(speed_bits | (full_duplex() ? 1U << 13 : 0) | kResolved |
                                        kRealTimeLink);
    }
    default:
      return index < kRegisters ? registers_[index] : 0xffff;
  }
}

void E1000Phy::write(unsigned index, std::uint16_t value) {
  switch (index) {
    case kControl:
      if ((value & kControlReset) != 0) return reset();
      // Negotiation that starts again takes the link down for a moment.
      if ((value & kControlRestart) != 0) was_down_ = true;
      registers_[kControl] = static_cast<std::uint16_t>(value & ~kControlRestart);
      return settle();
    case kAdvertised:
    case kNextPage:
    case kGigabitControl:
    case kSpecificControl:
    case kInterruptEnable:
    case kExtendedControl:
    case kPageSelect:
    case kPageData:
      registers_[index] = value;
      return;
    default:
      return;
  }
}

}  // namespace skiff
