#include "devices/e1000/e1000_receive_checks.h"

#include <cstring>

#include "devices/e1000/e1000_filter.h"
#include "devices/e1000/e1000_regs.h"
#include "vmm/net/internet_checksum.h"

namespace skiff {
namespace {

using namespace e1000;

constexpr std::size_t kEthernet = 14;
constexpr std::size_t kVlanTag = 4;
constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint16_t kTypeIpv6 = 0x86dd;
constexpr std::uint16_t kTypeVlan = 0x8100;
constexpr unsigned kTcp = 6;
constexpr unsigned kUdp = 17;

unsigned octet(std::span<const std::byte> frame, std::size_t at) {
  return at < frame.size() ? std::to_integer<unsigned>(frame[at]) : 0;
}

// Where TCP or UDP lies, by what IP says. size 0: neither, or a fragment, or not whole.
struct Layer4 {
  unsigned protocol = 0;
  std::size_t at = 0;
  std::size_t size = 0;
};

bool has_checksum(std::span<const std::byte> frame, const Layer4& layer4) {
  if (layer4.protocol == kTcp) return layer4.size >= 20;
  return layer4.protocol == kUdp && layer4.size >= 8 && e1000_frame_word(frame, layer4.at + 6) != 0;
}

bool is_good(std::span<const std::byte> frame, const Layer4& layer4,
             std::span<const std::byte> addresses) {
  InternetSum sum;
  sum.add(addresses);
  sum.add_number(static_cast<std::uint16_t>(layer4.protocol));
  sum.add_number(static_cast<std::uint16_t>(layer4.size));
  sum.add(frame.subspan(layer4.at, layer4.size));
  return sum.is_good();
}

void judge(std::span<const std::byte> frame, const Layer4& layer4,
           std::span<const std::byte> addresses, bool is_known_good, E1000ReceiveChecks& checks) {
  if (!has_checksum(frame, layer4)) return;
  checks.status |= kRxTcpcs;
  if (!is_known_good && !is_good(frame, layer4, addresses)) checks.errors |= kRxErrorTcpe;
}

void check_ipv4(std::span<const std::byte> frame, std::size_t at, std::uint32_t rxcsum,
                bool is_known_good, E1000ReceiveChecks& checks) {
  const std::size_t header = (octet(frame, at) & 0xf) * std::size_t{4};
  const std::size_t total = e1000_frame_word(frame, at + 2);
  if (octet(frame, at) >> 4 != 4 || header < 20 || total < header || at + total > frame.size()) {
    checks.status |= kRxIxsm;
    return;
  }
  if ((rxcsum & kRxcsumIpofl) != 0) {
    InternetSum sum;
    sum.add(frame.subspan(at, header));
    checks.status |= kRxIpcs;
    if (!sum.is_good()) checks.errors |= kRxErrorIpe;
  }
  const bool is_fragment = (e1000_frame_word(frame, at + 6) & 0x3fff) != 0;
  if ((rxcsum & kRxcsumTuofl) == 0 || is_fragment) return;
  judge(frame, {octet(frame, at + 9), at + header, total - header}, frame.subspan(at + 12, 8),
        is_known_good, checks);
}

// Without extension headers.
void check_ipv6(std::span<const std::byte> frame, std::size_t at, std::uint32_t rxcsum,
                bool is_known_good, E1000ReceiveChecks& checks) {
  constexpr std::size_t kHeader = 40;
  const std::size_t payload = e1000_frame_word(frame, at + 4);
  if (octet(frame, at) >> 4 != 6 || at + kHeader + payload > frame.size()) {
    checks.status |= kRxIxsm;
    return;
  }
  if ((rxcsum & kRxcsumTuofl) == 0) return;
  judge(frame, {octet(frame, at + 6), at + kHeader, payload}, frame.subspan(at + 8, 32),
        is_known_good, checks);
}

}  // namespace

E1000ReceiveChecks check_e1000_frame(std::span<const std::byte> frame, std::uint32_t rxcsum,
                                     bool is_known_good) {
  E1000ReceiveChecks checks;
  std::size_t at = kEthernet;
  std::uint16_t type = e1000_frame_word(frame, at - 2);
  if (type == kTypeVlan) {
    at += kVlanTag;
    type = e1000_frame_word(frame, at - 2);
  }
  const bool is_wanted = (rxcsum & (kRxcsumIpofl | kRxcsumTuofl)) != 0;
  if (is_wanted && type == kTypeIpv4) {
    check_ipv4(frame, at, rxcsum, is_known_good, checks);
  } else if (is_wanted && type == kTypeIpv6) {
    check_ipv6(frame, at, rxcsum, is_known_good, checks);
  }
  if ((checks.status & (kRxIpcs | kRxTcpcs)) == 0) checks.status |= kRxIxsm;
  return checks;
}

void complete_e1000_checksum(std::span<std::byte> frame, const NetFrameHeader& header) {
  const std::size_t field = std::size_t{header.csum_start} + header.csum_offset;
  if (field + 2 > frame.size() || header.csum_start > frame.size()) return;
  InternetSum sum;
  sum.add(frame.subspan(header.csum_start));
  // A sum of 0 is written as ones, which UDP wants and TCP does not mind.
  const std::uint16_t checksum = sum.checksum() == 0 ? std::uint16_t{0xffff} : sum.checksum();
  std::memcpy(frame.data() + field, &checksum, sizeof checksum);
}

}  // namespace skiff
