#include "devices/e1000/e1000_filter.h"

#include <cstring>

namespace skiff {
namespace {

using namespace e1000;

constexpr std::size_t kTypeOffset = 12;
constexpr std::size_t kTaggedHeader = 18;
constexpr std::uint16_t kTypeMacControl = 0x8808;  // IEEE 802.3, 31A
constexpr MacAddress kBroadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
constexpr MacAddress kPauseGroup{{0x01, 0x80, 0xc2, 0x00, 0x00, 0x01}};

std::uint64_t packed(const MacAddress& address) {
  std::uint64_t value = 0;
  std::memcpy(&value, address.bytes.data(), address.bytes.size());
  return value;
}

}  // namespace

// 13.5.2, 13.5.3: RAL has the first four bytes, RAH the other two; address select 0 is the
// destination, 1 the source, which this card does not filter by.
bool E1000Filter::is_own(const MacAddress& address) const {
  const std::uint64_t wanted = packed(address);
  for (std::size_t i = 0; i < kRaEntries; ++i) {
    const std::uint32_t high = addresses[2 * i + 1];
    if ((high & kRahAv) == 0 || (high & kRahSelect) != 0) continue;
    if ((std::uint64_t{high & 0xffff} << 32 | addresses[2 * i]) == wanted) return true;
  }
  return false;
}

// 13.5.1: twelve bits of the address's end, which of them RCTL.MO says.
bool E1000Filter::is_in_hash(const MacAddress& address) const {
  constexpr std::array<unsigned, 4> kShift = {4, 3, 2, 0};
  const unsigned last = address.bytes[4] | static_cast<unsigned>(address.bytes[5]) << 8;
  const unsigned hash = last >> kShift[rctl >> kRctlMoShift & 3] & 0xfff;
  return (groups[hash / 32] >> (hash % 32) & 1) != 0;
}

bool E1000Filter::is_tagged(std::span<const std::byte> frame) const {
  return frame.size() >= kTaggedHeader && e1000_frame_word(frame, kTypeOffset) == (vet & 0xffff);
}

bool E1000Filter::passes_vlan(std::span<const std::byte> frame) const {
  if ((rctl & kRctlVfe) == 0 || !is_tagged(frame)) return true;
  const unsigned tag = e1000_frame_word(frame, kTypeOffset + 2);
  if ((rctl & kRctlCfien) != 0 && ((rctl & kRctlCfi) != 0) != ((tag & 0x1000) != 0)) return false;
  const unsigned id = tag & 0xfff;
  return (vlans[id / 32] >> (id % 32) & 1) != 0;
}

E1000Filter::Verdict E1000Filter::judge(std::span<const std::byte> frame) const {
  MacAddress destination;
  std::memcpy(destination.bytes.data(), frame.data(), destination.bytes.size());
  if (!passes_vlan(frame)) return Verdict::refused;
  if (destination == kPauseGroup && e1000_frame_word(frame, kTypeOffset) == kTypeMacControl) {
    // Flow control has no other end here: such a frame is the MAC's, unless asked for.
    if ((rctl & kRctlPmcf) == 0 || (rctl & kRctlDpf) != 0) return Verdict::refused;
  }
  if (is_own(destination)) return Verdict::accepted;
  if (!destination.is_multicast()) {
    return (rctl & kRctlUpe) != 0 ? Verdict::accepted : Verdict::refused;
  }
  if (destination == kBroadcast && (rctl & kRctlBam) != 0) return Verdict::accepted;
  if ((rctl & kRctlMpe) != 0) return Verdict::accepted;
  return is_in_hash(destination) ? Verdict::accepted_by_hash : Verdict::refused;
}

}  // namespace skiff
