#include "vmm/net/tap_device.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "vmm/base/error.h"
#include "vmm/base/log.h"

namespace skiff {
namespace {

// <linux/if_tun.h> has these from 6.2 on.
constexpr unsigned kTunUso4 = 0x20;
constexpr unsigned kTunUso6 = 0x40;

std::string reason(int error) {
  return std::generic_category().message(error);
}

ifreq request_for(const std::string& name) {
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), std::min(name.size(), sizeof request.ifr_name - 1));
  return request;
}

std::string how_to_make(const std::string& name, std::uint16_t queues) {
  return fmt::format(
      "`sudo ip tuntap add dev {0} mode tap user $USER{1} && sudo ip link set {0} up` makes one",
      name, queues > 1 ? " multi_queue" : "");
}

[[noreturn]] void refuse(const std::string& name, std::uint16_t queues, int error) {
  switch (error) {
    case EPERM:
      throw ConfigError(fmt::format("no tap named {} that this user may use: {}", name,
                                    how_to_make(name, queues)));
    case EBUSY:
      throw HostError(fmt::format("the tap {} is in use by another process{}", name,
                                  queues > 1 ? ", or was made without multi_queue" : ""));
    case EINVAL:
      throw ConfigError(fmt::format("{} is not a tap that can be used with {} queue pair{}: {}",
                                    name, queues, queues == 1 ? "" : "s",
                                    how_to_make(name, queues)));
    default:
      throw HostError(fmt::format("cannot open the tap {}: {}", name, reason(error)));
  }
}

Fd open_tun() {
  Fd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (fd) return fd;
  const int error = errno;
  throw HostError(
      fmt::format("cannot open /dev/net/tun: {}{}", reason(error),
                  error == ENOENT || error == ENODEV ? "; load it with `sudo modprobe tun`"
                  : error == EACCES ? "; let this user open it (`sudo chmod 0666 /dev/net/tun`)"
                                    : ""));
}

// What every queue of a tap needs before the first frame.
void prepare(int fd, const std::string& name) {
  int header_size = sizeof(NetFrameHeader);
  int little_endian = 1;
  if (::ioctl(fd, TUNSETVNETHDRSZ, &header_size) != 0 ||
      ::ioctl(fd, TUNSETVNETLE, &little_endian) != 0) {
    throw HostError(
        fmt::format("cannot set the frame header of the tap {}: {}", name, reason(errno)));
  }
}

// The largest set the kernel takes; then none is set.
NetOffloads probe_offloads(int fd) {
  NetOffloads offloads{
      .checksum = true, .tso4 = true, .tso6 = true, .ecn = true, .ufo = true, .uso = true};
  if (!set_tap_offloads(fd, offloads)) offloads.uso = false;
  if (!set_tap_offloads(fd, offloads)) offloads.ufo = false;
  if (!set_tap_offloads(fd, offloads)) offloads = {};
  set_tap_offloads(fd, {});
  return offloads;
}

// Frames to an interface that is down are lost with EIO. Asks for its MTU, too.
void look_at_interface(TapDevice& tap) {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return;
  ifreq request = request_for(tap.name);
  if (::ioctl(socket.get(), SIOCGIFMTU, &request) == 0) {
    tap.mtu = static_cast<std::uint16_t>(std::clamp(request.ifr_mtu, 68, 65535));
  }
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) return;
  if ((request.ifr_flags & IFF_UP) != 0) return;
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0) return;
  log_warning("the tap {} is down: nothing passes until `sudo ip link set {} up`", tap.name,
              tap.name);
}

}  // namespace

bool set_tap_offloads(int fd, const NetOffloads& offloads) {
  unsigned flags = 0;
  if (offloads.checksum) {
    flags |= TUN_F_CSUM;
    if (offloads.tso4) flags |= TUN_F_TSO4;
    if (offloads.tso6) flags |= TUN_F_TSO6;
    if (offloads.ecn && (offloads.tso4 || offloads.tso6)) flags |= TUN_F_TSO_ECN;
    if (offloads.ufo) flags |= TUN_F_UFO;
    if (offloads.uso) flags |= kTunUso4 | kTunUso6;
  }
  return ::ioctl(fd, TUNSETOFFLOAD, static_cast<unsigned long>(flags)) == 0;
}

TapDevice open_tap(const std::string& name, std::uint16_t queues) {
  if (name.empty() || name.size() >= IFNAMSIZ || name.find_first_of("/ %") != std::string::npos) {
    throw ConfigError(fmt::format("\"{}\" is no name of a network interface (1 to {} characters)",
                                  name, IFNAMSIZ - 1));
  }
  TapDevice tap;
  tap.name = name;
  for (std::uint16_t i = 0; i < std::max<std::uint16_t>(queues, 1); ++i) {
    Fd fd = open_tun();
    ifreq request = request_for(name);
    const int flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    request.ifr_flags = static_cast<short>(queues > 1 ? flags | IFF_MULTI_QUEUE : flags);
    int result = ::ioctl(fd.get(), TUNSETIFF, &request);
    if (result != 0 && errno == EINVAL && queues == 1) {
      // Made with multi_queue: one queue of it will do.
      request = request_for(name);
      request.ifr_flags = static_cast<short>(flags | IFF_MULTI_QUEUE);
      result = ::ioctl(fd.get(), TUNSETIFF, &request);
    }
    if (result != 0) refuse(name, queues, errno);
    prepare(fd.get(), name);
    tap.queues.push_back(std::move(fd));
  }
  tap.receive = probe_offloads(tap.queues.front().get());
  look_at_interface(tap);
  return tap;
}

TapDevice adopt_tap(int fd) {
  TapDevice tap;
  tap.queues.emplace_back(fd);
  ifreq request{};
  if (::ioctl(fd, TUNGETIFF, &request) != 0) {
    throw ConfigError(
        fmt::format("fd = {}: that descriptor is {}", fd,
                    errno == EBADF ? "not open; pass it on when starting Skiff" : "not a tap"));
  }
  tap.name.assign(request.ifr_name, ::strnlen(request.ifr_name, sizeof request.ifr_name));
  if ((request.ifr_flags & IFF_TAP) == 0 || (request.ifr_flags & IFF_NO_PI) == 0) {
    throw ConfigError(
        fmt::format("fd = {}: {} must be opened with IFF_TAP and IFF_NO_PI", fd, tap.name));
  }
  if (::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK) != 0 ||
      ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    throw HostError::from_errno(fmt::format("fd = {}: cannot be made non-blocking", fd), errno);
  }
  tap.has_frame_header = (request.ifr_flags & IFF_VNET_HDR) != 0;
  if (tap.has_frame_header) {
    prepare(fd, tap.name);
    tap.receive = probe_offloads(fd);
  }
  look_at_interface(tap);
  return tap;
}

}  // namespace skiff
