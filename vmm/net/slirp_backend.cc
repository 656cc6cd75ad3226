#include "vmm/net/slirp_backend.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <utility>

#include "vmm/base/error.h"
#include "vmm/base/log.h"
#include "vmm/net/frame_buffers.h"

namespace skiff {
namespace {

// Frames that may wait for the guest, and the room below which libslirp is not let read any more.
constexpr std::size_t kFrameRoom = 2 * 1024 * 1024;
constexpr std::size_t kLowRoom = 1024 * 1024;

in_addr ipv4(const char* text) {
  in_addr address{};
  ::inet_pton(AF_INET, text, &address);
  return address;
}
in6_addr ipv6(const char* text) {
  in6_addr address{};
  ::inet_pton(AF_INET6, text, &address);
  return address;
}

SlirpConfiguration make_configuration(std::uint16_t mtu) {
  SlirpConfiguration configuration{};
  configuration.version = 1;
  configuration.in_enabled = true;
  configuration.vnetwork = ipv4("10.0.2.0");
  configuration.vnetmask = ipv4("255.255.255.0");
  configuration.vhost = ipv4("10.0.2.2");
  configuration.in6_enabled = true;
  configuration.vprefix_addr6 = ipv6("fd00::");
  configuration.vprefix_len = 64;
  configuration.vhost6 = ipv6("fd00::2");
  configuration.vdhcp_start = ipv4("10.0.2.15");
  configuration.vnameserver = ipv4("10.0.2.3");
  configuration.vnameserver6 = ipv6("fd00::3");
  configuration.if_mtu = mtu;
  configuration.if_mru = mtu;
  return configuration;
}

NetCapabilities make_capabilities(std::uint16_t mtu) {
  NetCapabilities capabilities;
  capabilities.description = "libslirp";
  capabilities.mtu = mtu;
  return capabilities;
}

std::uint32_t to_epoll(int events) {
  return ((events & kSlirpPollIn) != 0 ? EPOLLIN : 0U) |
         ((events & kSlirpPollOut) != 0 ? EPOLLOUT : 0U) |
         ((events & kSlirpPollPri) != 0 ? EPOLLPRI : 0U);
}
short to_poll(int events) {
  return static_cast<short>(((events & kSlirpPollIn) != 0 ? POLLIN : 0) |
                            ((events & kSlirpPollOut) != 0 ? POLLOUT : 0) |
                            ((events & kSlirpPollPri) != 0 ? POLLPRI : 0));
}
int from_poll(short events) {
  return ((events & POLLIN) != 0 ? kSlirpPollIn : 0) |
         ((events & POLLOUT) != 0 ? kSlirpPollOut : 0) |
         ((events & POLLPRI) != 0 ? kSlirpPollPri : 0) |
         ((events & POLLERR) != 0 ? kSlirpPollErr : 0) |
         ((events & POLLHUP) != 0 ? kSlirpPollHup : 0);
}

}  // namespace

const SlirpCallbacks& SlirpBackend::callbacks() {
  static constexpr SlirpCallbacks kCallbacks = {
      .send_packet = [](const void* frame, std::size_t size, void* opaque) -> ssize_t {
        // No room: dropped, as the library expects; TCP sends it again.
        static_cast<SlirpBackend*>(opaque)->frames_.push(
            {static_cast<const std::byte*>(frame), size});
        return static_cast<ssize_t>(size);
      },
      .guest_error = [](const char* message, void*) { log_debug("libslirp: {}", message); },
      .clock_get_ns = [](void* opaque) -> std::int64_t {
        return static_cast<SlirpBackend*>(opaque)->clock_.monotonic().count();
      },
      .timer_new = [](SlirpTimerFunction function, void* function_opaque, void* opaque) -> void* {
        auto& timers = static_cast<SlirpBackend*>(opaque)->timers_;
        timers.push_back(std::make_unique<SlirpTimer>(function, function_opaque));
        return timers.back().get();
      },
      .timer_free =
          [](void* timer, void* opaque) {
            std::erase_if(static_cast<SlirpBackend*>(opaque)->timers_,
                          [timer](const auto& owned) { return owned.get() == timer; });
          },
      .timer_mod =
          [](void* timer, std::int64_t expire_time_ms, void*) {
            static_cast<SlirpTimer*>(timer)->deadline = std::chrono::milliseconds(expire_time_ms);
          },
      .register_poll_fd = [](int, void*) {},
      // Its number may soon be another descriptor's; the epoll set forgets it by itself.
      .unregister_poll_fd =
          [](int fd, void* opaque) { static_cast<SlirpBackend*>(opaque)->watched_.erase(fd); },
      // From within a call of the library only, which a turn follows.
      .notify = [](void*) {},
  };
  return kCallbacks;
}

SlirpBackend::SlirpBackend(const SlirpLibrary& library, const std::vector<ForwardRule>& forward,
                           std::uint16_t mtu)
    : library_(library),
      capabilities_(make_capabilities(mtu)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      frames_(kFrameRoom),
      scratch_(kMaxFrameSize) {
  if (!epoll_) throw HostError::from_errno("cannot wait for the sockets of libslirp", errno);
  const SlirpConfiguration configuration = make_configuration(mtu);
  slirp_ = library_.create(&configuration, &callbacks(), this);
  if (slirp_ == nullptr) throw HostError("libslirp cannot be set up");
  try {
    for (const ForwardRule& rule : forward)
      add_forward(rule);
  } catch (...) {
    library_.cleanup(slirp_);
    throw;
  }
}

SlirpBackend::~SlirpBackend() {
  library_.cleanup(slirp_);
}

void SlirpBackend::add_forward(const ForwardRule& rule) {
  if (rule.ipv6) {
    throw ConfigError(fmt::format(
        "forward rule \"{}\": libslirp listens on IPv4 addresses only; install passt for this",
        rule.text()));
  }
  const in_addr host = ipv4(rule.host_address.c_str());
  for (int i = 0; i < rule.count; ++i) {
    const int result =
        library_.add_hostfwd(slirp_, rule.protocol == ForwardRule::Protocol::udp ? 1 : 0, host,
                             rule.host_port + i, ipv4("10.0.2.15"), rule.guest_port + i);
    if (result < 0) {
      throw HostError::from_errno(fmt::format("forward rule \"{}\": cannot listen on {} port {}",
                                              rule.text(), rule.host_address, rule.host_port + i),
                                  errno);
    }
  }
}

void SlirpBackend::start(Executor& executor, std::uint16_t /*pairs*/, Events events) {
  executor_ = &executor;
  events_ = std::move(events);
  offered_ = std::make_shared<bool>(false);
  timer_ = executor.create_timer([this] { turn(); });
  ready_ = executor.watch(epoll_.get(), Readiness::readable, [this] { turn(); });
  if (ready_ == nullptr) log_error("the host cannot wait for the sockets of libslirp");
  turn();
}

void SlirpBackend::stop() {
  ready_.reset();
  timer_.reset();
  offered_.reset();
  wants_receive_ = false;
  executor_ = nullptr;
}

SendResult SlirpBackend::send(std::uint16_t /*pair*/, std::span<const iovec> frame) {
  const std::size_t size = copy_from_buffers(frame, sizeof(NetFrameHeader), scratch_);
  if (size < kShortestFrame) return SendResult::sent;
  library_.input(slirp_, reinterpret_cast<const std::uint8_t*>(scratch_.data()),
                 static_cast<int>(size));
  sent_ = true;
  return SendResult::sent;
}

void SlirpBackend::flush(std::uint16_t /*pair*/) {
  // What was sent may have opened sockets, or made room in the ones there are.
  if (std::exchange(sent_, false)) turn();
}

ReceiveResult SlirpBackend::receive(std::uint16_t /*pair*/, std::span<const iovec> room) {
  if (frames_.empty() && held_back_) turn();
  if (frames_.empty()) return {};
  const NetFrameHeader header;
  const FrameRing::Front frame = frames_.front();
  std::size_t size = copy_to_buffers(room, 0, std::as_bytes(std::span(&header, 1)));
  size += copy_to_buffers(room, size, frame.first);
  size += copy_to_buffers(room, size, frame.second);
  frames_.pop();
  return {.kind = ReceiveResult::Kind::frame, .size = size};
}

void SlirpBackend::want_receive(std::uint16_t /*pair*/, bool wanted) {
  wants_receive_ = wanted;
  offer();
}

void SlirpBackend::offer() {
  if (!wants_receive_ || frames_.empty() || offered_ == nullptr || *offered_) return;
  *offered_ = true;
  executor_->post([this, offered = offered_] {
    // Still this start, or stop() has let go of it and this back-end may be gone.
    if (offered.use_count() == 1) return;
    *offered = false;
    if (wants_receive_ && !frames_.empty()) {
      events_.on_receivable(0);
      // Level semantics, as a watched descriptor would have.
      offer();
    }
  });
}

void SlirpBackend::turn() {
  if (executor_ == nullptr) return;
  run_timers();
  held_back_ = frames_.room() < kLowRoom;
  if (held_back_) {
    // The sockets stay ready: not looked at until the guest has taken what waits.
    ready_.reset();
    timer_->arm(clock_.monotonic() + std::chrono::milliseconds(100));
  } else {
    poll_now();
    wait_for_more();
    if (ready_ == nullptr) {
      ready_ = executor_->watch(epoll_.get(), Readiness::readable, [this] { turn(); });
    }
  }
  offer();
}

void SlirpBackend::run_timers() {
  const Clock::Nanoseconds now = clock_.monotonic();
  // A timer's function may change the list.
  for (std::size_t i = 0; i < timers_.size(); ++i) {
    SlirpTimer& timer = *timers_[i];
    if (timer.deadline.count() < 0 || timer.deadline > now) continue;
    timer.deadline = Clock::Nanoseconds(-1);
    timer.function(timer.opaque);
  }
}

void SlirpBackend::poll_now() {
  const int ready = polled_.empty() ? 0 : ::poll(polled_.data(), polled_.size(), 0);
  library_.pollfds_poll(
      slirp_, ready < 0 ? 1 : 0,
      [](int index, void* opaque) -> int {
        const auto& polled = static_cast<SlirpBackend*>(opaque)->polled_;
        const auto at = static_cast<std::size_t>(index);
        return at < polled.size() ? from_poll(polled[at].revents) : 0;
      },
      this);
}

void SlirpBackend::wait_for_more() {
  polled_.clear();
  std::uint32_t timeout = std::numeric_limits<std::uint32_t>::max();
  library_.pollfds_fill(
      slirp_, &timeout,
      [](int fd, int events, void* opaque) -> int {
        auto& polled = static_cast<SlirpBackend*>(opaque)->polled_;
        polled.push_back({.fd = fd, .events = to_poll(events), .revents = 0});
        return static_cast<int>(polled.size()) - 1;
      },
      this);

  // Those not asked for any more leave the set (events 0).
  std::map<int, std::uint32_t> wanted;
  for (const auto& [fd, events] : watched_)
    wanted[fd] = 0;
  for (const pollfd& polled : polled_)
    wanted[polled.fd] = to_epoll(from_poll(polled.events));
  for (const auto& [fd, events] : wanted)
    watch_descriptor(fd, events);

  Clock::Nanoseconds deadline = Clock::Nanoseconds::max();
  if (timeout != std::numeric_limits<std::uint32_t>::max()) {
    deadline = clock_.monotonic() + std::chrono::milliseconds(timeout);
  }
  for (const auto& timer : timers_) {
    if (timer->deadline.count() >= 0) deadline = std::min(deadline, timer->deadline);
  }
  if (deadline == Clock::Nanoseconds::max()) {
    timer_->cancel();
  } else {
    timer_->arm(deadline);
  }
}

void SlirpBackend::watch_descriptor(int fd, std::uint32_t events) {
  const auto found = watched_.find(fd);
  if (found != watched_.end() && found->second == events) return;
  // EPOLLERR and EPOLLHUP come unasked for: what is wanted for nothing has to leave the set.
  if (events == 0) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    watched_.erase(fd);
    return;
  }
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0 &&
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    log_debug("libslirp: socket {} cannot be waited for: {}", fd, std::strerror(errno));
    return;
  }
  watched_[fd] = events;
}

}  // namespace skiff
