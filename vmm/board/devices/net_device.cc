#include "vmm/board/devices/net_device.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

#include "virtio/net/net_device.h"
#include "vmm/base/error.h"
#include "vmm/base/fd.h"
#include "vmm/net/net_backend.h"

namespace skiff {
namespace {

// A back-end owns its descriptor; the one that was handed to Skiff serves every life of the guest.
std::unique_ptr<NetBackend> open_backend(const NetConfig& card) {
  NetOptions host = card.host;
  Fd copy;
  if (host.fd >= 0) {
    copy = Fd(::fcntl(host.fd, F_DUPFD_CLOEXEC, 0));
    if (!copy) {
      throw HostError::from_errno(
          fmt::format("{}: descriptor {} (net.fd) cannot be used", host.name, host.fd), errno);
    }
    host.fd = copy.get();
  }
  auto backend = open_net_backend(host);
  copy.release();
  return backend;
}

class NetControls final : public DeviceControls {
 public:
  NetControls(NetDevice& device, const NetLimits& limits, std::string backend, std::string source)
      : device_(device),
        backend_(std::move(backend)),
        source_(std::move(source)),
        limits_(limits) {}

  void describe(DeviceInfo& info) const override {
    info.link = device_.link();
    info.backend = backend_;
    info.source = source_;
  }

  ControlResult<> change(const DeviceChange& change) override {
    if (const auto known = refuse_others(
            device_.name(), change,
            {"link", "transmit_bytes", "transmit_packets", "receive_bytes", "receive_packets"});
        !known) {
      return known;
    }
    const Row rows[] = {
        {"transmit_bytes", &change.transmit_bytes, &NetLimits::transmit_bytes},
        {"transmit_packets", &change.transmit_packets, &NetLimits::transmit_packets},
        {"receive_bytes", &change.receive_bytes, &NetLimits::receive_bytes},
        {"receive_packets", &change.receive_packets, &NetLimits::receive_packets},
    };
    NetLimits limits = limits_;
    bool is_limit = false;
    for (const Row& row : rows) {
      const auto limit = changed_limit(limits.*row.limit, *row.change, row.field);
      if (!limit) return std::unexpected(limit.error());
      limits.*row.limit = *limit;
      is_limit = is_limit || row.change->has_value();
    }
    limits_ = limits;
    if (is_limit) device_.set_limits(limits_);
    if (change.link) device_.set_link(*change.link);
    return {};
  }

 private:
  struct Row {
    std::string_view field;
    const std::optional<RateChange>* change;
    RateLimit NetLimits::* limit;
  };

  NetDevice& device_;
  const std::string backend_;
  const std::string source_;
  NetLimits limits_;
};

}  // namespace

void create_net_cards(const DeviceContext& context, std::vector<ConfiguredDevice>& out) {
  for (const NetConfig& card : context.config.nets) {
    auto backend = open_backend(card);
    NetDeviceOptions options{
        .name = card.host.name,
        .mac = card.mac.value_or(backend->capabilities().mac_hint.value_or(card.drawn_mac)),
        .mtu = card.host.mtu,
        .pairs = card.host.queues,
        .queue_size = card.queue_size,
        .link = card.link,
        .limits = {.transmit_bytes = card.transmit_bytes,
                   .transmit_packets = card.transmit_packets,
                   .receive_bytes = card.receive_bytes,
                   .receive_packets = card.receive_packets},
    };
    const bool is_tap = card.host.type == NetType::tap;
    const std::string description = backend->capabilities().description;
    const NetLimits limits = options.limits;
    auto device = create_net_device(std::move(options), std::move(backend),
                                    context.io_thread(card.virtio.thread), context.clock);
    auto controls = std::make_unique<NetControls>(*device, limits, is_tap ? "tap" : description,
                                                  is_tap ? description : std::string());
    out.push_back(
        {.device = std::move(device), .virtio = card.virtio, .controls = std::move(controls)});
  }
}

}  // namespace skiff
