#include "vmm/net/forward_rule.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>

#include <charconv>
#include <optional>

namespace skiff {
namespace {

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t count = 1;
};

using RuleError = std::unexpected<std::string>;

RuleError wrong(std::string_view text, std::string_view what) {
  return RuleError(fmt::format("\"{}\": {}", text, what));
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.end();
  const auto [at, error] = std::from_chars(text.begin(), end, port);
  if (error != std::errc() || at != end || port == 0) return std::nullopt;
  return port;
}

// "22", "8000-8010".
std::expected<PortRange, std::string> parse_ports(std::string_view text, std::string_view side) {
  const auto dash = text.find('-');
  const auto first = parse_port(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_port(text.substr(dash + 1));
  if (!first || !last) {
    return RuleError(
        fmt::format("the {} port is \"{}\"; it must be a number from 1 to 65535, or a "
                    "range such as 8000-8010",
                    side, text));
  }
  if (*last < *first) {
    return RuleError(fmt::format("the {} port range \"{}\" runs backwards", side, text));
  }
  return PortRange{*first, static_cast<std::uint16_t>(*last - *first + 1)};
}

}  // namespace

std::expected<ForwardRule, std::string> ForwardRule::parse(std::string_view text) {
  ForwardRule rule;
  const auto colon = text.find(':');
  const std::string_view protocol = text.substr(0, colon);
  if (colon == std::string_view::npos || (protocol != "tcp" && protocol != "udp")) {
    return wrong(text,
                 "a forward rule starts with \"tcp:\" or \"udp:\", as in "
                 "\"tcp:127.0.0.1:2222->22\"");
  }
  rule.protocol = protocol == "tcp" ? Protocol::tcp : Protocol::udp;

  const std::string_view rest = text.substr(colon + 1);
  const auto arrow = rest.find("->");
  if (arrow == std::string_view::npos) {
    return wrong(text,
                 "no \"->\" between the host's port and the guest's, as in "
                 "\"tcp:127.0.0.1:2222->22\"");
  }
  const std::string_view host = rest.substr(0, arrow);
  const std::string_view guest = rest.substr(arrow + 2);

  std::string_view host_ports = host;
  if (const auto last = host.rfind(':'); last != std::string_view::npos) {
    std::string_view address = host.substr(0, last);
    host_ports = host.substr(last + 1);
    if (address.size() >= 2 && address.front() == '[' && address.back() == ']') {
      address = address.substr(1, address.size() - 2);
      rule.ipv6 = true;
    } else if (address.find(':') != std::string_view::npos) {
      return wrong(text, "an IPv6 address stands in brackets, as in \"tcp:[::1]:2222->22\"");
    }
    rule.host_address = address;
    in6_addr parsed{};
    if (::inet_pton(rule.ipv6 ? AF_INET6 : AF_INET, rule.host_address.c_str(), &parsed) != 1) {
      return wrong(text, fmt::format("\"{}\" is not an {} address (names are not looked up)",
                                     address, rule.ipv6 ? "IPv6" : "IPv4"));
    }
  }
  const auto host_range = parse_ports(host_ports, "host");
  if (!host_range) return wrong(text, host_range.error());
  const auto guest_range = parse_ports(guest, "guest");
  if (!guest_range) return wrong(text, guest_range.error());
  if (host_range->count != guest_range->count) {
    return wrong(text, fmt::format("{} ports on the host lead to {} in the guest; the two ranges "
                                   "must be as long",
                                   host_range->count, guest_range->count));
  }
  rule.host_port = host_range->first;
  rule.guest_port = guest_range->first;
  rule.count = host_range->count;
  return rule;
}

std::string ForwardRule::text() const {
  const auto ports = [this](std::uint16_t first) {
    return count == 1 ? fmt::format("{}", first) : fmt::format("{}-{}", first, first + count - 1);
  };
  return fmt::format("{}:{}{}{}:{}->{}", protocol == Protocol::tcp ? "tcp" : "udp", ipv6 ? "[" : "",
                     host_address, ipv6 ? "]" : "", ports(host_port), ports(guest_port));
}

}  // namespace skiff
