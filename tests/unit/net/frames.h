// Frames for the tests of back-ends.
#pragma once

#include <arpa/inet.h>

#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "vmm/net/net_backend.h"

namespace skiff::net_test {

// Sends one frame; false if the back-end was full.
inline bool send_frame(NetBackend& backend, std::string_view frame, std::uint16_t pair = 0,
                       const NetFrameHeader& header = {}) {
  NetFrameHeader copy = header;
  const std::array<iovec, 2> buffers = {iovec{&copy, sizeof copy},
                                        iovec{const_cast<char*>(frame.data()), frame.size()}};
  const bool sent = backend.send(pair, buffers) == SendResult::sent;
  backend.flush(pair);
  return sent;
}

// The next frame without its header; nothing if there is none.
inline std::optional<std::string> receive_frame(NetBackend& backend, std::uint16_t pair = 0,
                                                NetFrameHeader* header = nullptr) {
  static std::array<char, sizeof(NetFrameHeader) + kMaxFrameSize> room;
  // Two pieces, so that a border lies inside.
  const std::array<iovec, 2> buffers = {iovec{room.data(), 20},
                                        iovec{room.data() + 20, room.size() - 20}};
  const ReceiveResult result = backend.receive(pair, buffers);
  if (result.kind != ReceiveResult::Kind::frame) return std::nullopt;
  if (header != nullptr) std::memcpy(header, room.data(), sizeof *header);
  return std::string(room.data() + sizeof(NetFrameHeader), result.size - sizeof(NetFrameHeader));
}

// DHCPDISCOVER (RFC 2131) of 02:00:00:00:00:01 as an Ethernet frame.
inline std::string dhcp_discover() {
  const auto be16 = [](std::uint32_t value) {
    return std::string{static_cast<char>(value >> 8), static_cast<char>(value)};
  };
  const std::string mac("\x02\0\0\0\0\1", 6);
  std::string bootp = std::string("\1\1\6\0", 4) + "SKIF" + std::string("\0\0\x80\0", 4) +
                      std::string(16, '\0') + mac + std::string(10 + 64 + 128, '\0') +
                      "\x63\x82\x53\x63" + std::string("\x35\1\1\xff", 4);
  bootp.resize(300, '\0');
  const std::string udp = be16(68) + be16(67) + be16(8 + 300) + be16(0) + bootp;
  std::string ip = std::string("\x45\0", 2) + be16(20 + 308) + std::string("\0\0\0\0\x40\x11", 6) +
                   be16(0) + std::string(4, '\0') + std::string(4, '\xff');
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < ip.size(); i += 2) {
    sum += static_cast<std::uint32_t>(static_cast<unsigned char>(ip[i]) << 8) +
           static_cast<unsigned char>(ip[i + 1]);
  }
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  ip.replace(10, 2, be16(~sum & 0xffff));
  return std::string(6, '\xff') + mac + std::string("\x08\0", 2) + ip + udp;
}

// The address a DHCPOFFER gives, in dotted form; empty for every other frame.
inline std::string offered_address(std::string_view frame) {
  constexpr std::size_t kBootp = 14 + 20 + 8;
  if (frame.size() < kBootp + 243 || frame[23] != 17 ||
      frame.substr(36, 2) != std::string("\0D", 2)) {
    return {};
  }
  if (frame.substr(kBootp + 4, 4) != "SKIF") return {};
  // Among the options, in whatever order: message type 2.
  if (frame.find(std::string("\x35\1\2", 3), kBootp + 240) == std::string_view::npos) return {};
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, frame.data() + kBootp + 16, text.data(), text.size());
  return text.data();
}

}  // namespace skiff::net_test
