#include "vmm/board/devices/rng_device.h"

#include "virtio/rng/rng_device.h"

namespace skiff {
namespace {

class RngControls final : public DeviceControls {
 public:
  RngControls(RngDevice& device, const RngConfig& config)
      : device_(device), source_(config.source), bandwidth_(config.bandwidth) {}

  void describe(DeviceInfo& info) const override {
    info.backend = source_.empty() ? "getrandom" : "file";
    info.source = source_;
  }

  ControlResult<> change(const DeviceChange& change) override {
    if (const auto known = refuse_others(device_.name(), change, {"bandwidth"}); !known) {
      return known;
    }
    const auto bandwidth = changed_limit(bandwidth_, change.bandwidth, "bandwidth");
    if (!bandwidth) return std::unexpected(bandwidth.error());
    bandwidth_ = *bandwidth;
    if (change.bandwidth) device_.set_limit(bandwidth_);
    return {};
  }

 private:
  RngDevice& device_;
  const std::string source_;
  RateLimit bandwidth_;
};

}  // namespace

void create_entropy_source(const DeviceContext& context, std::vector<ConfiguredDevice>& out) {
  const std::optional<RngConfig>& rng = context.config.rng;
  if (!rng) return;
  auto device = std::make_unique<RngDevice>(
      "rng0", RngOptions{.source = rng->source, .bandwidth = rng->bandwidth},
      context.io_thread(rng->virtio.thread), context.clock);
  auto controls = std::make_unique<RngControls>(*device, *rng);
  out.push_back(
      {.device = std::move(device), .virtio = rng->virtio, .controls = std::move(controls)});
}

}  // namespace skiff
