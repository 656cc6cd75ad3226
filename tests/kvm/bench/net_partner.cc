#include "tests/kvm/bench/net_partner.h"

#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace skiff::test {
namespace {

// Offsets are into what the socket gives: a virtio header, then the frame.
// virtio 1.2, 5.1.6, without the last field. <linux/virtio_net.h> is no C++.
struct VirtioHeader {
  std::uint8_t flags = 0;
  std::uint8_t gso_type = 0;
  std::uint16_t header_length = 0;
  std::uint16_t gso_size = 0;
  std::uint16_t checksum_start = 0;
  std::uint16_t checksum_offset = 0;
};
constexpr std::uint8_t kNeedsChecksum = 1;
constexpr std::uint8_t kTcpOverIp = 1;
constexpr std::size_t kHeader = sizeof(VirtioHeader);
static_assert(kHeader == 10);
constexpr std::size_t kMac = 6;
constexpr std::size_t kEthernet = 14;
constexpr std::size_t kTcpPayload = kEthernet + 20 + 20;
constexpr std::size_t kLargestPlain = 1514;
constexpr std::uint16_t kSegment = 1460;
constexpr std::array<std::uint8_t, 6> kPartner{0x02, 0x53, 0x4b, 0x46, 0x00, 0x01};

enum Kind : std::uint32_t { nobody = 1, flood_me = 2, flooding = 3, stop = 4, ping = 5 };

void put16(std::uint8_t* at, std::uint32_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}
void put32(std::uint8_t* at, std::uint32_t value) {
  put16(at, value >> 16);
  put16(at + 2, value);
}
std::uint32_t get32(const std::uint8_t* at) {
  return static_cast<std::uint32_t>(at[0]) << 24 | static_cast<std::uint32_t>(at[1]) << 16 |
         static_cast<std::uint32_t>(at[2]) << 8 | at[3];
}
std::size_t payload(std::size_t frame) {
  return frame > kLargestPlain ? kTcpPayload : kEthernet;
}
std::uint32_t sum(const std::uint8_t* at, std::size_t bytes, std::uint32_t start) {
  for (std::size_t i = 0; i < bytes; i += 2)
    start += static_cast<std::uint32_t>(at[i]) << 8 | at[i + 1];
  while (start >> 16 != 0)
    start = (start & 0xffff) + (start >> 16);
  return start;
}

void make_tcp(std::uint8_t* frame, std::size_t bytes, VirtioHeader* header) {
  std::uint8_t* const ip = frame + kEthernet;
  ip[0] = 0x45;
  put16(ip + 2, static_cast<std::uint32_t>(bytes - kEthernet));
  ip[8] = 64;
  ip[9] = IPPROTO_TCP;
  put32(ip + 12, 0xc0000201);
  put32(ip + 16, 0xc0000202);
  put16(ip + 10, ~sum(ip, 20, 0));
  put16(ip + 20, 9);
  put16(ip + 22, 9);
  ip[32] = 5 << 4;
  ip[33] = 0x10;  // ACK
  put16(ip + 36, sum(ip + 12, 8, IPPROTO_TCP + static_cast<std::uint32_t>(bytes - kEthernet - 20)));
  *header = {.flags = kNeedsChecksum,
             .gso_type = kTcpOverIp,
             .header_length = kTcpPayload,
             .gso_size = kSegment,
             .checksum_start = kEthernet + 20,
             .checksum_offset = 16};
}

std::vector<std::uint8_t> make_flood(const std::uint8_t* to, std::size_t bytes) {
  std::vector<std::uint8_t> all(kHeader + bytes, 0);
  std::uint8_t* const frame = all.data() + kHeader;
  std::copy_n(to, kMac, frame);
  std::copy(kPartner.begin(), kPartner.end(), frame + kMac);
  VirtioHeader header;
  if (bytes > kLargestPlain) {
    put16(frame + 12, ETH_P_IP);
    make_tcp(frame, bytes, &header);
  } else {
    put16(frame + 12, 0x88b5);
  }
  std::memcpy(all.data(), &header, kHeader);
  put32(frame + payload(bytes), flooding);
  return all;
}

}  // namespace

NetPartner::NetPartner(const std::string& name) : why_(open(name)) {
  if (why_.empty()) thread_ = std::thread([this] { run(); });
}

NetPartner::~NetPartner() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

std::string NetPartner::open(const std::string& name) {
  tap_ = Fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  if (!tap_ || ::ioctl(tap_.get(), TUNSETIFF, &request) != 0 ||
      ::ioctl(tap_.get(), TUNSETPERSIST, 1) != 0)
    return std::string("no tap: ") + std::strerror(errno);
  tap_.reset();  // the machine opens it by its name
  socket_ = Fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  request.ifr_flags = IFF_UP;
  if (!socket_ || ::ioctl(socket_.get(), SIOCSIFFLAGS, &request) != 0)
    return std::string("no packet socket: ") + std::strerror(errno);
  const int one = 1;
  const int room = 8 << 20;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(name.c_str()));
  if (::setsockopt(socket_.get(), SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) != 0 ||
      ::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return std::string("no packets of the tap: ") + std::strerror(errno);
  return {};
}

void NetPartner::run() {
  std::vector<std::uint8_t> buffer(70'000);
  while (!stop_) {
    pollfd wanted{socket_.get(), POLLIN, 0};
    if (::poll(&wanted, 1, flood_.empty() ? 20 : 0) > 0) {
      sockaddr_ll from{};
      socklen_t length = sizeof from;
      const ssize_t count = ::recvfrom(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT,
                                       reinterpret_cast<sockaddr*>(&from), &length);
      if (count > 0 && from.sll_pkttype != PACKET_OUTGOING)
        take({buffer.begin(), buffer.begin() + count});
    }
    if (!flood_.empty()) flood();
  }
}

void NetPartner::take(std::vector<std::uint8_t> frame) {
  const std::size_t bytes = frame.size() - std::min(frame.size(), kHeader);
  if (bytes < payload(bytes) + 8) return;
  std::uint8_t* const at = frame.data() + kHeader;
  const std::uint32_t second = get32(at + payload(bytes) + 4);
  switch (get32(at + payload(bytes))) {
    case nobody:
      ++transmitted_;
      break;
    case flood_me:
      if (second >= 64 && second < 65'536) flood_ = make_flood(at + kMac, second);
      break;
    case stop:
      flood_.clear();
      break;
    case ping:
      std::swap_ranges(at, at + kMac, at + kMac);
      (void)!::send(socket_.get(), frame.data(), frame.size(), 0);
      break;
    default:
      break;
  }
}

void NetPartner::flood() {
  for (unsigned i = 0; i < 16; ++i) {
    put32(flood_.data() + kHeader + payload(flood_.size() - kHeader) + 4, ++sequence_);
    if (::send(socket_.get(), flood_.data(), flood_.size(), MSG_DONTWAIT) < 0) return;
  }
}

}  // namespace skiff::test
