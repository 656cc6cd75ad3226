// Port forwarding of user networking: a listening port on the host that leads to one of the guest.
//
//   forward = ["tcp:127.0.0.1:2222->22", "udp:5353->53", "tcp:[::1]:8000-8010->80-90"]
//              PROTOCOL:[ADDRESS:]PORT[-PORT]->PORT[-PORT]
//
// Without an address: 127.0.0.1, so that nothing is open to the network unless it is asked for
// (0.0.0.0 and [::] open it). Ranges are as long on both sides.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace skiff {

struct ForwardRule {
  enum class Protocol : std::uint8_t { tcp, udp };

  Protocol protocol = Protocol::tcp;
  std::string host_address = "127.0.0.1";  // numeric, IPv4 or IPv6 without brackets
  bool ipv6 = false;                       // what host_address is
  std::uint16_t host_port = 0;             // first
  std::uint16_t guest_port = 0;            // first
  std::uint16_t count = 1;                 // ports

  // Pure. The error is a sentence that names the part that is wrong and what it should be.
  static std::expected<ForwardRule, std::string> parse(std::string_view text);
  // Normal form of what parse takes.
  std::string text() const;

  friend bool operator==(const ForwardRule&, const ForwardRule&) = default;
};

}  // namespace skiff
