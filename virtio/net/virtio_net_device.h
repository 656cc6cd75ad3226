// The device behind create_net_device (net_device.h): configuration space, control queue, and which
// of its queues runs when.
//
//   kick of a receive queue   -> buffers came: run it
//   kick of a transmit queue  -> run it
//   back-end: receivable      -> run the receive queue; sendable -> the transmit queue
//   a limit's timer           -> run the queues it held up
//
// A run that is not over when its turn is posts the next one, so that no queue starves the others.
//
// Thread rule: link_ and mac_ are atomic, for the configuration space; the rest belongs to the
// executor's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "virtio/core/queue_service.h"
#include "virtio/net/control_request.h"
#include "virtio/net/net_device.h"
#include "virtio/net/receive_queue.h"
#include "virtio/net/transmit_queue.h"
#include "vmm/base/log.h"
#include "vmm/base/traffic_limit.h"

namespace skiff {

class VirtioNetDevice final : public NetDevice {
 public:
  static constexpr std::uint16_t kControlQueueSize = 64;

  VirtioNetDevice(NetDeviceOptions options, std::unique_ptr<NetBackend> backend, Executor& executor,
                  const Clock& clock);
  ~VirtioNetDevice() override;

  std::string_view name() const override { return options_.name; }
  std::uint32_t device_id() const override;
  std::uint64_t features() const override { return features_; }
  std::span<const std::uint16_t> queue_sizes() const override { return queue_sizes_; }
  void read_config(std::uint64_t offset, std::span<std::byte> out) const override;
  void activate(Activation activation) override;
  void reset(std::function<void()> done) override;

  void set_link(bool up) override;
  bool link() const override { return (link_.load() & kCableIn) != 0; }
  void set_limits(const NetLimits& limits) override;
  std::uint64_t guest_faults() const override { return faults_.count(); }

 private:
  static constexpr std::uint32_t kCableIn = 1;    // nobody pulled it
  static constexpr std::uint32_t kPeerThere = 2;  // the back-end lives
  static constexpr std::uint32_t kLinkUp = kCableIn | kPeerThere;

  void on_start();
  void on_stop();
  void on_kick(ActiveQueue& queue);
  void on_receive_limit();
  void on_transmit_limit();
  void fail(std::string_view why);

  void run_receive(std::uint16_t pair);
  void run_transmit(std::uint16_t pair);
  void serve_control(ActiveQueue& queue);
  std::uint8_t answer_control(const DescriptorChain& chain);
  bool execute(const SetReceiveMode& request);
  bool execute(const SetMacTables& request);
  bool execute(const SetMac& request);
  bool execute(const SetPairs& request);
  bool execute(const SetGuestOffloads& request);

  void use_receive_offloads(std::uint64_t features);
  void lose_peer();
  void apply_link();
  void set_mac(const MacAddress& mac);

  const NetDeviceOptions options_;
  const Clock& clock_;
  const std::uint16_t mtu_;
  const std::uint64_t features_;
  const std::vector<std::uint16_t> queue_sizes_;
  GuestFaultLog faults_;
  std::atomic<std::uint32_t> link_;
  std::atomic<std::uint64_t> mac_;  // the six bytes, the first lowest

  // Executor's thread.
  const std::unique_ptr<NetBackend> backend_;
  // Shared with work that changes them and may come to its turn when the device is gone.
  struct Limits {
    explicit Limits(const NetLimits& limits)
        : receive(limits.receive_bytes, limits.receive_packets),
          transmit(limits.transmit_bytes, limits.transmit_packets) {}
    TrafficLimit receive;
    TrafficLimit transmit;
  };
  const std::shared_ptr<Limits> limits_;
  ReceiveQueue::Settings receive_settings_;
  TransmitQueue::Settings transmit_settings_;
  std::uint16_t active_pairs_ = 1;
  std::vector<std::unique_ptr<ReceiveQueue>> receive_;    // by pair; null: not enabled
  std::vector<std::unique_ptr<TransmitQueue>> transmit_;  // likewise
  std::unique_ptr<Timer> receive_timer_;
  std::unique_ptr<Timer> transmit_timer_;
  DescriptorChain control_chain_;
  std::vector<std::byte> control_bytes_;

  QueueService service_;  // last: its destructor ends all work
};

}  // namespace skiff
