#include "vmm/bench/net_partner.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "vmm/base/error.h"
#include "vmm/bench/net_frames.h"
#include "vmm/bench/vm_text.h"

namespace skiff::bench {
namespace {

// What stands before a frame with PACKET_VNET_HDR: struct virtio_net_hdr of <linux/virtio_net.h>,
// which is not C++, in the machine's byte order (packet(7)).
struct FrameHeader {
  std::uint8_t flags = 0;
  std::uint8_t gso_type = 0;
  std::uint16_t hdr_len = 0;
  std::uint16_t gso_size = 0;
  std::uint16_t csum_start = 0;
  std::uint16_t csum_offset = 0;
};
constexpr std::uint8_t kNeedsChecksum = 1;
constexpr std::uint8_t kGsoTcp4 = 1;
constexpr std::size_t kHeader = sizeof(FrameHeader);
static_assert(kHeader == 10);
constexpr std::size_t kBatch = 32;
// A pause when the card takes no more: a tenth of a millisecond.
constexpr timespec kBreath = {.tv_sec = 0, .tv_nsec = 100'000};

// What the child says once: 0 and the tap, or the step that failed and its errno.
struct Word {
  int step = 0;
  int error = 0;
};
constexpr std::array<const char*, 6> kSteps = {
    "",
    "cannot make a network namespace (run as root, or allow user namespaces)",
    "cannot open /dev/net/tun",
    "cannot make a tap",
    "cannot switch the tap on",
    "cannot open a packet socket on the tap"};

bool enter_namespace() {
  return ::unshare(CLONE_NEWNET) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

ifreq named_request() {
  ifreq request{};
  kTapName.copy(request.ifr_name, sizeof request.ifr_name - 1);
  return request;
}

bool switch_on() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = named_request();
  if (!socket || ::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) return false;
  // Without ARP and multicast the host itself sends nothing.
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_NOARP);
  request.ifr_flags = static_cast<short>(request.ifr_flags & ~IFF_MULTICAST);
  return ::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0;
}

void write_setting(const char* path, const char* value) {
  const Fd file(::open(path, O_WRONLY | O_CLOEXEC));
  if (file) (void)!::write(file.get(), value, std::strlen(value));
}

// Frames that nobody has to answer do not even wake us: kind 1, in either form.
bool ignore_transmitted(int socket) {
  std::array<sock_filter, 9> program = {{
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x88b5, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 14),
      BPF_JUMP(BPF_JMP | BPF_JA, 2, 0, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0800, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 54),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
  }};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  return ::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}

Fd open_packets() {
  Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return {};
  const int on = 1;
  const int room = 4 << 20;
  if (!ignore_transmitted(socket.get()) ||
      ::setsockopt(socket.get(), SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) != 0) {
    return {};
  }
  ::setsockopt(socket.get(), SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
  ::setsockopt(socket.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(named_request().ifr_name));
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  return socket;
}

// The header that says how a large frame is to be cut up.
FrameHeader header_of(std::size_t size) {
  FrameHeader header;
  if (!is_large(size)) return header;
  header.flags = kNeedsChecksum;
  header.gso_type = kGsoTcp4;
  header.hdr_len = 54;
  header.gso_size = 1460;
  header.csum_start = 34;
  header.csum_offset = 16;
  return header;
}

class Partner {
 public:
  explicit Partner(Fd socket) : socket_(std::move(socket)), buffer_(kHeader + 65'536) {}

  [[noreturn]] void serve() {
    while (true) {
      pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
      ::ppoll(&wait, 1, flood_.empty() ? nullptr : full_ ? &kBreath : &kNone, nullptr);
      while (take_one()) {
      }
      if (!flood_.empty()) send_batch();
    }
  }

 private:
  static constexpr timespec kNone = {.tv_sec = 0, .tv_nsec = 0};

  bool take_one() {
    const ssize_t got = ::recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got <= static_cast<ssize_t>(kHeader)) return false;
    const auto frame = std::span(buffer_).subspan(kHeader, static_cast<std::size_t>(got) - kHeader);
    const auto request = parse_net_request(frame);
    if (!request) return true;
    if (request->kind == NetKind::stop) flood_.clear();
    if (request->kind == NetKind::flood) begin_flood(*request);
    if (request->kind == NetKind::ping) {
      exchange_addresses(frame);
      (void)!::send(socket_.get(), buffer_.data(), static_cast<std::size_t>(got), MSG_DONTWAIT);
    }
    return true;
  }

  void begin_flood(const NetRequest& request) {
    const auto frame = flood_frame(request.sender, request.second);
    if (!frame) return;
    const FrameHeader header = header_of(frame->size());
    flood_.resize(kHeader + frame->size());
    std::memcpy(flood_.data(), &header, kHeader);
    std::ranges::copy(*frame, flood_.begin() + kHeader);
  }

  void send_batch() {
    iovec data{.iov_base = flood_.data(), .iov_len = flood_.size()};
    std::array<mmsghdr, kBatch> messages{};
    for (mmsghdr& message : messages) {
      message.msg_hdr.msg_iov = &data;
      message.msg_hdr.msg_iovlen = 1;
    }
    const unsigned count = is_large(flood_.size() - kHeader) ? 2 : kBatch;
    full_ =
        ::sendmmsg(socket_.get(), messages.data(), count, MSG_DONTWAIT) < static_cast<int>(count);
  }

  Fd socket_;
  std::vector<std::byte> buffer_;
  std::vector<std::byte> flood_;  // header and frame; empty: nobody asked
  bool full_ = false;
};

bool tell(int channel, const Word& word, int tap) {
  iovec data{.iov_base = const_cast<Word*>(&word), .iov_len = sizeof word};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (tap >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof tap);
    std::memcpy(CMSG_DATA(part), &tap, sizeof tap);
  }
  return ::sendmsg(channel, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof word);
}

Fd hear(int channel, Word& word) {
  iovec data{.iov_base = &word, .iov_len = sizeof word};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(channel, &message, MSG_CMSG_CLOEXEC) != static_cast<ssize_t>(sizeof word)) {
    word = {.step = 1, .error = EPROTO};
    return {};
  }
  const cmsghdr* const part = CMSG_FIRSTHDR(&message);
  int tap = -1;
  if (part != nullptr && part->cmsg_type == SCM_RIGHTS)
    std::memcpy(&tap, CMSG_DATA(part), sizeof tap);
  return Fd(tap);
}

[[noreturn]] void live(int channel, const std::vector<int>& cpus) {
  const auto fail = [channel](int step) {
    tell(channel, {.step = step, .error = errno}, -1);
    ::_exit(1);
  };
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus)
    CPU_SET(static_cast<std::size_t>(cpu), &set);
  if (!cpus.empty()) ::sched_setaffinity(0, sizeof set, &set);
  if (!enter_namespace()) fail(1);
  Fd tap(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!tap) fail(2);
  ifreq request = named_request();
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  if (::ioctl(tap.get(), TUNSETIFF, &request) != 0) fail(3);
  write_setting(fmt::format("/proc/sys/net/ipv6/conf/{}/disable_ipv6", kTapName).c_str(), "1");
  if (!switch_on()) fail(4);
  Fd packets = open_packets();
  if (!packets) fail(5);
  if (!tell(channel, {}, tap.get())) ::_exit(1);
  tap.reset();
  ::close(channel);
  Partner(std::move(packets)).serve();
}

}  // namespace

NetPartner::NetPartner(const std::vector<int>& cpus) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw HostError::from_errno("cannot make a socket pair", errno);
  }
  Fd ours(ends[0]);
  Fd theirs(ends[1]);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw HostError::from_errno("cannot start the network's other end", errno);
  if (pid_ == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ours.reset();
    live(theirs.get(), cpus);
  }
  theirs.reset();
  Word word;
  tap_ = hear(ours.get(), word);
  if (word.step != 0 || !tap_) {
    const auto step = static_cast<std::size_t>(std::clamp(word.step, 1, 5));
    throw HostError::from_errno(kSteps[step], word.error);
  }
}

void NetPartner::leave_tap() {
  if (tap_ && ::ioctl(tap_.get(), TUNSETPERSIST, 1) != 0) {
    throw HostError::from_errno("cannot leave the tap to another process", errno);
  }
  tap_.reset();
}

NetPartner::~NetPartner() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace skiff::bench
