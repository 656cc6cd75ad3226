#include "virtio/net/virtio_net_device.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "virtio/core/virtio_ids.h"
#include "virtio/net/net_features.h"
#include "virtio/net/net_regs.h"
#include "vmm/base/bytes.h"
#include "vmm/base/error.h"

namespace skiff {

using namespace virtio_net;

namespace {

constexpr std::uint16_t kSmallestMtu = 68;     // 5.1.4.1
constexpr std::size_t kEthernetOverhead = 18;  // header and VLAN tag
constexpr std::uint16_t kUsualMtu = 1500;

NetDeviceOptions check(NetDeviceOptions options, const NetCapabilities& capabilities) {
  if (!options.mac.is_unicast()) {
    throw ConfigError(fmt::format("{}: mac = \"{}\" is {}; a card's address is its own",
                                  options.name, options.mac.text(),
                                  options.mac.is_zero() ? "zero" : "a group address"));
  }
  if (options.mtu != 0 && options.mtu < kSmallestMtu) {
    throw ConfigError(fmt::format("{}: mtu = {} is too small; at least {}", options.name,
                                  options.mtu, kSmallestMtu));
  }
  if (options.pairs == 0 || options.pairs > capabilities.pairs) {
    throw ConfigError(fmt::format("{}: queues = {}, but {} has {}", options.name, options.pairs,
                                  capabilities.description, capabilities.pairs));
  }
  if (options.queue_size < 2 || options.queue_size > kMaxQueueSize ||
      (options.queue_size & (options.queue_size - 1U)) != 0) {
    throw ConfigError(fmt::format("{}: queue_size = {} is no power of two from 2 to {}",
                                  options.name, options.queue_size, kMaxQueueSize));
  }
  return options;
}

std::vector<std::uint16_t> make_queue_sizes(const NetDeviceOptions& options) {
  std::vector<std::uint16_t> sizes(2U * options.pairs, options.queue_size);
  sizes.push_back(VirtioNetDevice::kControlQueueSize);
  return sizes;
}

std::uint64_t pack(const MacAddress& mac) {
  std::uint64_t packed = 0;
  std::memcpy(&packed, mac.bytes.data(), mac.bytes.size());
  return packed;
}

}  // namespace

std::unique_ptr<NetDevice> create_net_device(NetDeviceOptions options,
                                             std::unique_ptr<NetBackend> backend,
                                             Executor& executor, const Clock& clock) {
  return std::make_unique<VirtioNetDevice>(std::move(options), std::move(backend), executor, clock);
}

VirtioNetDevice::VirtioNetDevice(NetDeviceOptions options, std::unique_ptr<NetBackend> backend,
                                 Executor& executor, const Clock& clock)
    : options_(check(std::move(options), backend->capabilities())),
      clock_(clock),
      mtu_(options_.mtu != 0 ? options_.mtu : backend->capabilities().mtu),
      features_(offered_net_features(backend->capabilities(), options_.pairs, mtu_)),
      queue_sizes_(make_queue_sizes(options_)),
      faults_(options_.name),
      link_(options_.link ? kLinkUp : kPeerThere),
      mac_(pack(options_.mac)),
      backend_(std::move(backend)),
      limits_(std::make_shared<Limits>(options_.limits)),
      control_bytes_(kMaxControlRequest),
      service_(executor,
               {.on_start = [this] { on_start(); },
                .on_kick = [this](ActiveQueue& queue) { on_kick(queue); },
                .on_stop = [this] { on_stop(); },
                .on_failure = [this](std::string_view why) { interrupts()->needs_reset(why); }}) {}

VirtioNetDevice::~VirtioNetDevice() = default;

std::uint32_t VirtioNetDevice::device_id() const {
  return virtio::kNetwork;
}

void VirtioNetDevice::read_config(std::uint64_t offset, std::span<std::byte> out) const {
  std::array<std::byte, kConfigSize> config{};
  const std::uint64_t mac = mac_.load();
  std::memcpy(config.data() + kConfigMac, &mac, sizeof(MacAddress));
  const auto status = link_.load() == kLinkUp ? kStatusLinkUp : std::uint16_t{0};
  store_le(std::span(config), kConfigStatus, status);
  store_le(std::span(config), kConfigMaxVirtqueuePairs, options_.pairs);
  store_le(std::span(config), kConfigMtu, mtu_);
  std::ranges::fill(out, std::byte{0});
  if (offset >= config.size()) return;
  const std::size_t length = std::min<std::size_t>(out.size(), config.size() - offset);
  std::memcpy(out.data(), config.data() + offset, length);
}

void VirtioNetDevice::activate(Activation activation) {
  service_.start(std::move(activation));
}

void VirtioNetDevice::reset(std::function<void()> done) {
  service_.stop(std::move(done));
}

void VirtioNetDevice::set_mac(const MacAddress& mac) {
  mac_.store(pack(mac));
  receive_settings_.filter.own = mac;
}

void VirtioNetDevice::use_receive_offloads(std::uint64_t features) {
  const NetOffloads offloads = receive_offloads(features);
  backend_->set_receive_offloads(offloads);
  const bool segments = offloads.tso4 || offloads.tso6 || offloads.ufo || offloads.uso;
  receive_settings_.expected =
      sizeof(NetFrameHeader) +
      (segments ? kMaxFrameSize : std::max(mtu_, kUsualMtu) + kEthernetOverhead);
}

void VirtioNetDevice::on_start() {
  const std::uint64_t features = service_.features();
  Executor& executor = service_.executor();
  receive_timer_ = executor.create_timer([this] { on_receive_limit(); });
  transmit_timer_ = executor.create_timer([this] { on_transmit_limit(); });
  active_pairs_ = 1;
  backend_->start(executor, active_pairs_,
                  {.on_receivable = [this](std::uint16_t pair) { run_receive(pair); },
                   .on_sendable = [this](std::uint16_t pair) { run_transmit(pair); }});

  const bool link = link_.load() == kLinkUp;
  receive_settings_ = {.mergeable = (features & kMrgRxbuf) != 0, .link = link, .filter = {}};
  if ((features & kMtu) != 0) receive_settings_.longest = mtu_ + kEthernetOverhead;
  transmit_settings_ = {.link = link, .offloads = transmit_offloads(features)};
  set_mac(options_.mac);
  use_receive_offloads(features);

  receive_.resize(options_.pairs);
  transmit_.resize(options_.pairs);
  for (std::uint16_t pair = 0; pair < options_.pairs; ++pair) {
    const auto index = static_cast<std::uint16_t>(2 * pair);
    // Without MQ the second pair's first queue is the control queue.
    if (pair != 0 && (features & kMq) == 0) break;
    if (ActiveQueue* const queue = service_.queue(index)) {
      receive_[pair] = std::make_unique<ReceiveQueue>(
          ReceiveQueue::Context{*backend_, *interrupts(), receive_settings_, limits_->receive,
                                clock_, faults_},
          *queue, pair);
    }
    if (ActiveQueue* const queue = service_.queue(static_cast<std::uint16_t>(index + 1))) {
      transmit_[pair] = std::make_unique<TransmitQueue>(
          TransmitQueue::Context{*backend_, *interrupts(), transmit_settings_, limits_->transmit,
                                 clock_, faults_},
          *queue, pair);
    }
  }
}

void VirtioNetDevice::on_stop() {
  backend_->stop();
  receive_timer_.reset();
  transmit_timer_.reset();
  receive_.clear();
  transmit_.clear();
  set_mac(options_.mac);
}

void VirtioNetDevice::on_kick(ActiveQueue& queue) {
  const bool multiqueue = (service_.features() & kMq) != 0;
  const std::uint32_t control = multiqueue ? 2U * options_.pairs : kControlQueueWithoutMq;
  if (queue.index == control) {
    if ((service_.features() & kCtrlVq) != 0) serve_control(queue);
    return;
  }
  if (queue.index > control) return;
  const auto pair = static_cast<std::uint16_t>(queue.index / 2);
  if (queue.index % 2 != 0) return run_transmit(pair);
  queue.ring.disable_notifications();
  run_receive(pair);
}

void VirtioNetDevice::on_receive_limit() {
  for (std::uint16_t pair = 0; pair < options_.pairs; ++pair)
    run_receive(pair);
}

void VirtioNetDevice::on_transmit_limit() {
  for (std::uint16_t pair = 0; pair < options_.pairs; ++pair)
    run_transmit(pair);
}

void VirtioNetDevice::fail(std::string_view why) {
  service_.give_up();
  interrupts()->needs_reset(why);
}

void VirtioNetDevice::run_receive(std::uint16_t pair) {
  if (pair >= active_pairs_ || pair >= receive_.size() || receive_[pair] == nullptr) return;
  ActiveQueue& queue = *service_.queue(static_cast<std::uint16_t>(2 * pair));
  for (;;) {
    switch (receive_[pair]->run()) {
      case ReceiveQueue::Outcome::idle:
        return backend_->want_receive(pair, true);
      case ReceiveQueue::Outcome::starved:
        // Of frames nobody takes the executor is not to hear again and again.
        backend_->want_receive(pair, false);
        if (!queue.ring.enable_notifications()) return;
        queue.ring.disable_notifications();
        break;
      case ReceiveQueue::Outcome::limited:
        backend_->want_receive(pair, false);
        return receive_timer_->arm(receive_[pair]->retry_at());
      case ReceiveQueue::Outcome::more:
        return service_.post([this, pair] { run_receive(pair); });
      case ReceiveQueue::Outcome::closed:
        backend_->want_receive(pair, false);
        return lose_peer();
      case ReceiveQueue::Outcome::broken:
        return fail(queue.ring.fault());
    }
  }
}

void VirtioNetDevice::run_transmit(std::uint16_t pair) {
  if (pair >= active_pairs_ || pair >= transmit_.size() || transmit_[pair] == nullptr) return;
  ActiveQueue& queue = *service_.queue(static_cast<std::uint16_t>(2 * pair + 1));
  switch (transmit_[pair]->run()) {
    case TransmitQueue::Outcome::idle:
    case TransmitQueue::Outcome::full:
      return;
    case TransmitQueue::Outcome::limited:
      return transmit_timer_->arm(transmit_[pair]->retry_at());
    case TransmitQueue::Outcome::more:
      return service_.post([this, pair] { run_transmit(pair); });
    case TransmitQueue::Outcome::broken:
      return fail(queue.ring.fault());
  }
}

void VirtioNetDevice::set_link(bool up) {
  const std::uint32_t before =
      up ? link_.fetch_or(kCableIn) : link_.fetch_and(~std::uint32_t{kCableIn});
  if (((before & kCableIn) != 0) == up) return;
  service_.post([this] { apply_link(); });
}

void VirtioNetDevice::set_limits(const NetLimits& limits) {
  service_.executor().post([shared = limits_, limits, now = clock_.monotonic()] {
    shared->receive.change(limits.receive_bytes, limits.receive_packets, now);
    shared->transmit.change(limits.transmit_bytes, limits.transmit_packets, now);
  });
  service_.post([this] {
    on_receive_limit();
    on_transmit_limit();
  });
}

void VirtioNetDevice::lose_peer() {
  if ((link_.fetch_and(~std::uint32_t{kPeerThere}) & kPeerThere) != 0) apply_link();
}

void VirtioNetDevice::apply_link() {
  const bool link = link_.load() == kLinkUp;
  if (link == receive_settings_.link) return;
  receive_settings_.link = link;
  transmit_settings_.link = link;
  interrupts()->signal_config();
  // With the cable out, a queue that waits for buffers has to drain, and the other way round.
  for (std::uint16_t pair = 0; pair < active_pairs_ && service_.started(); ++pair)
    run_receive(pair);
}

void VirtioNetDevice::serve_control(ActiveQueue& queue) {
  queue.ring.disable_notifications();
  for (std::uint16_t commands = 0;;) {
    const PopResult result = queue.ring.pop(control_chain_);
    if (result == PopResult::broken) return fail(queue.ring.fault());
    if (result == PopResult::empty) {
      if (!queue.ring.enable_notifications()) return;
      queue.ring.disable_notifications();
      continue;
    }
    std::uint32_t written = 0;
    const std::uint8_t ack = answer_control(control_chain_);
    ChainWriter writer(control_chain_);
    if (writer.write(ack)) {
      written = sizeof ack;
    } else {
      faults_.report("a control command has no room for its answer");
    }
    queue.ring.complete(control_chain_, written);
    if (queue.ring.publish()) interrupts()->signal_queue(queue.index);
    // A command may have found another queue broken.
    if (!service_.started()) return;
    if (++commands == kControlQueueSize) return queue.serve_again();
  }
}

std::uint8_t VirtioNetDevice::answer_control(const DescriptorChain& chain) {
  const std::size_t size = chain.readable_size();
  if (size > control_bytes_.size()) {
    faults_.report("a control command of {} bytes", size);
    return kAckErr;
  }
  const std::span<std::byte> bytes = std::span(control_bytes_).first(size);
  ChainReader(chain).read(bytes);
  const auto request = parse_control_request(bytes, service_.features());
  if (!request) {
    faults_.report("control queue: {}", request.error());
    return kAckErr;
  }
  return std::visit([this](const auto& wanted) { return execute(wanted); }, *request) ? kAckOk
                                                                                      : kAckErr;
}

bool VirtioNetDevice::execute(const SetReceiveMode& request) {
  ReceiveFilter& filter = receive_settings_.filter;
  switch (request.mode) {
    case kRxPromisc:
      filter.promiscuous = request.on;
      break;
    case kRxAllMulti:
      filter.all_multicast = request.on;
      break;
    case kRxAllUni:
      filter.all_unicast = request.on;
      break;
    case kRxNoMulti:
      filter.no_multicast = request.on;
      break;
    case kRxNoUni:
      filter.no_unicast = request.on;
      break;
    case kRxNoBcast:
      filter.no_broadcast = request.on;
      break;
    default:
      return false;
  }
  return true;
}

bool VirtioNetDevice::execute(const SetMacTables& request) {
  receive_settings_.filter.unicast = request.unicast;
  receive_settings_.filter.multicast = request.multicast;
  return true;
}

bool VirtioNetDevice::execute(const SetMac& request) {
  set_mac(request.mac);
  return true;
}

bool VirtioNetDevice::execute(const SetPairs& request) {
  if (request.pairs > options_.pairs) {
    faults_.report("control queue: {} queue pairs of {}", request.pairs, options_.pairs);
    return false;
  }
  for (std::uint16_t pair = request.pairs; pair < active_pairs_; ++pair)
    backend_->want_receive(pair, false);
  const std::uint16_t first_new = std::min(active_pairs_, request.pairs);
  backend_->set_pairs(request.pairs);
  active_pairs_ = request.pairs;
  for (std::uint16_t pair = first_new; pair < request.pairs; ++pair) {
    service_.post([this, pair] {
      run_receive(pair);
      run_transmit(pair);
    });
  }
  return true;
}

bool VirtioNetDevice::execute(const SetGuestOffloads& request) {
  use_receive_offloads(request.features);
  return true;
}

}  // namespace skiff
