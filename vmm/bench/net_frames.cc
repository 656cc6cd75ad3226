#include "vmm/bench/net_frames.h"

#include <algorithm>

namespace skiff::bench {
namespace {

// Ethernet II (IEEE 802.3, 3.2), IPv4 (RFC 791, 3.1), TCP (RFC 9293, 3.1).
constexpr std::size_t kEthernet = 14;
constexpr std::size_t kIp = kEthernet;
constexpr std::size_t kTcp = kIp + 20;
constexpr std::size_t kLargePayload = kTcp + 20;
constexpr std::uint16_t kTypeLocal = 0x88b5;
constexpr std::uint16_t kTypeIp = 0x0800;
constexpr FrameAddress kPartner = {std::byte{0x02}, std::byte{0x53}, std::byte{0x4b},
                                   std::byte{0x46}, std::byte{0x00}, std::byte{0x01}};
constexpr std::uint32_t kGuestIp = 0xc0000202;    // 192.0.2.2
constexpr std::uint32_t kPartnerIp = 0xc0000201;  // 192.0.2.1
constexpr std::uint16_t kDiscardPort = 9;
constexpr std::uint32_t kTcpProtocol = 6;

std::uint32_t word16(std::span<const std::byte> frame, std::size_t at) {
  return std::to_integer<std::uint32_t>(frame[at]) << 8 |
         std::to_integer<std::uint32_t>(frame[at + 1]);
}

std::uint32_t word32(std::span<const std::byte> frame, std::size_t at) {
  return word16(frame, at) << 16 | word16(frame, at + 2);
}

void put16(std::span<std::byte> frame, std::size_t at, std::uint32_t value) {
  frame[at] = static_cast<std::byte>(value >> 8 & 0xff);
  frame[at + 1] = static_cast<std::byte>(value & 0xff);
}

void put32(std::span<std::byte> frame, std::size_t at, std::uint32_t value) {
  put16(frame, at, value >> 16);
  put16(frame, at + 2, value & 0xffff);
}

// RFC 1071.
std::uint32_t folded(std::uint32_t sum) {
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

std::uint32_t sum_of(std::span<const std::byte> frame, std::size_t from, std::size_t to) {
  std::uint32_t sum = 0;
  for (std::size_t at = from; at < to; at += 2)
    sum += word16(frame, at);
  return sum;
}

// TCP's checksum holds the sum of the pseudo header: whoever cuts it up does the rest.
void put_tcp_headers(std::span<std::byte> frame) {
  std::fill(frame.begin() + kIp, frame.begin() + kLargePayload, std::byte{0});
  const auto length = static_cast<std::uint32_t>(frame.size());
  put16(frame, kIp, 0x4500);
  put16(frame, kIp + 2, length - static_cast<std::uint32_t>(kEthernet));
  put16(frame, kIp + 6, 0x4000);
  put16(frame, kIp + 8, 64 << 8 | kTcpProtocol);
  put32(frame, kIp + 12, kPartnerIp);
  put32(frame, kIp + 16, kGuestIp);
  put16(frame, kIp + 10, ~folded(sum_of(frame, kIp, kTcp)) & 0xffff);
  put16(frame, kTcp, kDiscardPort);
  put16(frame, kTcp + 2, kDiscardPort);
  put16(frame, kTcp + 12, 0x5010);  // five words of header, ACK
  put16(frame, kTcp + 14, 0xffff);
  const std::uint32_t pseudo =
      sum_of(frame, kIp + 12, kTcp) + kTcpProtocol + length - static_cast<std::uint32_t>(kTcp);
  put16(frame, kTcp + 16, folded(pseudo));
}

}  // namespace

bool is_large(std::size_t size) {
  return size > kSmallFrame;
}

std::optional<NetRequest> parse_net_request(std::span<const std::byte> frame) {
  const std::size_t payload = is_large(frame.size()) ? kLargePayload : kEthernet;
  if (frame.size() < payload + 8) return std::nullopt;
  if (word16(frame, 12) != (is_large(frame.size()) ? kTypeIp : kTypeLocal)) return std::nullopt;
  const std::uint32_t kind = word32(frame, payload);
  if (kind < static_cast<std::uint32_t>(NetKind::nobody) ||
      kind > static_cast<std::uint32_t>(NetKind::ping)) {
    return std::nullopt;
  }
  NetRequest request{.kind = static_cast<NetKind>(kind), .second = word32(frame, payload + 4)};
  std::copy_n(frame.begin() + 6, request.sender.size(), request.sender.begin());
  return request;
}

std::optional<std::vector<std::byte>> flood_frame(const FrameAddress& to, std::uint32_t size) {
  if (size < kLeastFrame || (is_large(size) && size != kLargeFrame)) return std::nullopt;
  std::vector<std::byte> frame(size, std::byte{0x5a});
  std::ranges::copy(to, frame.begin());
  std::ranges::copy(kPartner, frame.begin() + 6);
  put16(frame, 12, is_large(size) ? kTypeIp : kTypeLocal);
  if (is_large(size)) put_tcp_headers(frame);
  const std::size_t payload = is_large(size) ? kLargePayload : kEthernet;
  put32(frame, payload, static_cast<std::uint32_t>(NetKind::flooding));
  put32(frame, payload + 4, 0);
  return frame;
}

void exchange_addresses(std::span<std::byte> frame) {
  if (frame.size() >= kEthernet)
    std::swap_ranges(frame.begin(), frame.begin() + 6, frame.begin() + 6);
}

}  // namespace skiff::bench
