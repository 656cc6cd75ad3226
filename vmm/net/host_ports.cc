#include "vmm/net/host_ports.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>

#include "vmm/base/error.h"
#include "vmm/base/fd.h"

namespace skiff {
namespace {

constexpr int kMostPorts = 64;

// 0 or an error number.
int try_port(const ForwardRule& rule, std::uint16_t port) {
  const int type = rule.protocol == ForwardRule::Protocol::tcp ? SOCK_STREAM : SOCK_DGRAM;
  const Fd socket(::socket(rule.ipv6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0));
  if (!socket) return errno;
  // As whoever listens will do: connections of an earlier run do not keep the port.
  const int on = 1;
  if (type == SOCK_STREAM) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_storage storage{};
  socklen_t size = 0;
  if (rule.ipv6) {
    auto& address = reinterpret_cast<sockaddr_in6&>(storage);
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    ::inet_pton(AF_INET6, rule.host_address.c_str(), &address.sin6_addr);
    size = sizeof address;
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  } else {
    auto& address = reinterpret_cast<sockaddr_in&>(storage);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, rule.host_address.c_str(), &address.sin_addr);
    size = sizeof address;
  }
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&storage), size) == 0 ? 0 : errno;
}

// A line of a routing table whose columns `first` and `second` are `value` and zero.
bool has_line(const char* path, std::size_t first, std::size_t second, const std::string& value) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string word;
    bool matches = true;
    std::string device;
    for (std::size_t column = 0; words >> word; ++column) {
      if (column == first && word != value) matches = false;
      if (column == second && word.find_first_not_of('0') != std::string::npos) matches = false;
      device = word;
    }
    // IPv6 has its device last, and unreachable routes on "lo".
    if (matches && !device.empty() && device != "lo") return true;
  }
  return false;
}

}  // namespace

void check_host_ports(const ForwardRule& rule) {
  for (int i = 0; i < std::min<int>(rule.count, kMostPorts); ++i) {
    const int port = rule.host_port + i;
    const int error = try_port(rule, static_cast<std::uint16_t>(port));
    if (error == 0) continue;
    throw HostError::from_errno(
        fmt::format("forward rule \"{}\": cannot listen on port {}{}", rule.text(), port,
                    error == EACCES ? " (ports below 1024 are for root; see "
                                      "net.ipv4.ip_unprivileged_port_start)"
                                    : ""),
        error);
  }
}

bool has_default_route() {
  // Destination and mask; destination and its prefix length.
  return has_line("/proc/net/route", 1, 7, "00000000") ||
         has_line("/proc/net/ipv6_route", 0, 1, std::string(32, '0'));
}

}  // namespace skiff
