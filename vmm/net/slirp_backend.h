// User networking by libslirp: a TCP/IP stack inside this process, where passt is not installed.
//
// The guest's network, as everybody who uses libslirp has it: 10.0.2.0/24 and fd00::/64; router and
// host 10.0.2.2 and fd00::2, name server 10.0.2.3 and fd00::3, the guest 10.0.2.15 by DHCP.
//
// libslirp wants to be asked, before each sleep, which descriptors to wait for, and told afterwards
// which are ready. They are kept in an epoll set, so that the executor waits for one descriptor.
//
// Thread rule: see NetBackend. The library is called by one thread at a time.
#pragma once

#include <poll.h>

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "vmm/base/clock.h"
#include "vmm/base/fd.h"
#include "vmm/net/frame_ring.h"
#include "vmm/net/net_backend.h"
#include "vmm/net/slirp_library.h"

namespace skiff {

class SlirpBackend final : public NetBackend {
 public:
  static constexpr std::uint16_t kLargestMtu = 65520;

  // Throws HostError or ConfigError for a rule that cannot be had.
  SlirpBackend(const SlirpLibrary& library, const std::vector<ForwardRule>& forward,
               std::uint16_t mtu);
  ~SlirpBackend() override;
  SlirpBackend(const SlirpBackend&) = delete;
  SlirpBackend& operator=(const SlirpBackend&) = delete;

  const NetCapabilities& capabilities() const override { return capabilities_; }
  void start(Executor& executor, std::uint16_t pairs, Events events) override;
  void stop() override;
  void set_pairs(std::uint16_t /*pairs*/) override {}
  void set_receive_offloads(const NetOffloads& /*offloads*/) override {}
  SendResult send(std::uint16_t pair, std::span<const iovec> frame) override;
  void flush(std::uint16_t pair) override;
  ReceiveResult receive(std::uint16_t pair, std::span<const iovec> room) override;
  void want_receive(std::uint16_t pair, bool wanted) override;

 private:
  struct SlirpTimer {
    SlirpTimerFunction function;
    void* opaque;
    Clock::Nanoseconds deadline{-1};  // negative: not armed
  };

  static const SlirpCallbacks& callbacks();
  void add_forward(const ForwardRule& rule);
  // One turn of the library: timers, what is ready, what to wait for.
  void turn();
  void run_timers();
  void poll_now();
  void wait_for_more();
  void watch_descriptor(int fd, std::uint32_t events);
  // Has on_receivable called soon, if frames wait and are wanted.
  void offer();

  const SlirpLibrary& library_;
  const NetCapabilities capabilities_;
  const SystemClock clock_;
  Fd epoll_;
  Slirp* slirp_ = nullptr;
  FrameRing frames_;
  std::vector<std::byte> scratch_;  // a frame in one piece
  std::vector<std::unique_ptr<SlirpTimer>> timers_;
  std::vector<pollfd> polled_;            // of the last wait_for_more
  std::map<int, std::uint32_t> watched_;  // what the epoll set has
  bool sent_ = false;                     // since the last turn
  bool held_back_ = false;                // no turn until frames are taken

  Executor* executor_ = nullptr;
  Events events_;
  bool wants_receive_ = false;
  std::shared_ptr<bool> offered_;  // a posted offer() looks at it: false once it is void
  std::unique_ptr<Watch> ready_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace skiff
