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
        .transmit_bytes = card.transmit_bytes,
        .transmit_packets = card.transmit_packets,
        .receive_bytes = card.receive_bytes,
        .receive_packets = card.receive_packets,
    };
    out.push_back(
        {.device = create_net_device(std::move(options), std::move(backend),
                                     context.io_thread(card.virtio.thread), context.clock),
         .virtio = card.virtio});
  }
}

}  // namespace skiff
