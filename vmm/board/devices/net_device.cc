#include "vmm/board/devices/net_device.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

#include "virtio/net/net_device.h"
#include "vmm/base/error.h"
#include "vmm/base/fd.h"
#include "vmm/board/devices/e1000_device.h"
#include "vmm/board/devices/net_controls.h"
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

}  // namespace

void create_net_cards(const DeviceContext& context, std::vector<ConfiguredDevice>& out) {
  for (const NetConfig& card : context.config.nets) {
    auto backend = open_backend(card);
    const NetLimits limits{.transmit_bytes = card.transmit_bytes,
                           .transmit_packets = card.transmit_packets,
                           .receive_bytes = card.receive_bytes,
                           .receive_packets = card.receive_packets};
    const MacAddress mac =
        card.mac.value_or(backend->capabilities().mac_hint.value_or(card.drawn_mac));
    const bool is_tap = card.host.type == NetType::tap;
    const std::string description = backend->capabilities().description;
    const std::string kind = is_tap ? "tap" : description;
    const std::string source = is_tap ? description : std::string();
    Executor& executor = context.io_thread(card.virtio.thread);
    if (card.face == NetFace::e1000) {
      auto device = std::make_unique<E1000Card>(
          E1000Options{.name = card.host.name, .mac = mac, .link = card.link, .limits = limits},
          std::move(backend), executor, context.clock);
      auto controls = std::make_unique<NetControls<E1000Card>>(*device, limits, kind, source);
      out.push_back({.emulated = std::move(device), .controls = std::move(controls)});
      continue;
    }
    auto device = create_net_device({.name = card.host.name,
                                     .mac = mac,
                                     .mtu = card.host.mtu,
                                     .pairs = card.host.queues,
                                     .queue_size = card.queue_size,
                                     .link = card.link,
                                     .limits = limits},
                                    std::move(backend), executor, context.clock);
    auto controls = std::make_unique<NetControls<NetDevice>>(*device, limits, kind, source);
    out.push_back(
        {.device = std::move(device), .virtio = card.virtio, .controls = std::move(controls)});
  }
}

}  // namespace skiff
