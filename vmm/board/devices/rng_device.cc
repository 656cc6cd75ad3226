#include "vmm/board/devices/rng_device.h"

#include "virtio/rng/rng_device.h"

namespace skiff {

void create_entropy_source(const DeviceContext& context, std::vector<ConfiguredDevice>& out) {
  const std::optional<RngConfig>& rng = context.config.rng;
  if (!rng) return;
  out.push_back({.device = std::make_unique<RngDevice>(
                     "rng0", RngOptions{.source = rng->source, .bandwidth = rng->bandwidth},
                     context.io_thread(rng->virtio.thread), context.clock),
                 .virtio = rng->virtio});
}

}  // namespace skiff
