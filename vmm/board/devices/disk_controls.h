// What a person sees and changes of a disk while the machine runs, whatever its face.
#pragma once

#include <fmt/format.h>

#include "vmm/board/device_controls.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

// `Device` has name, capacity, has_engine, engine, set_limits and resize.
template <typename Device>
class DiskControls final : public DeviceControls {
 public:
  DiskControls(Device& device, const DiskConfig& config)
      : device_(device),
        host_(config.host),
        operations_(config.operations),
        bandwidth_(config.bandwidth) {}

  void describe(DeviceInfo& info) const override {
    info.capacity = device_.capacity();
    if (device_.has_engine()) info.backend = device_.engine();
    if (host_.kind == DiskKind::file) info.source = host_.path;
  }

  ControlResult<> change(const DeviceChange& change) override {
    if (const auto known =
            refuse_others(device_.name(), change, {"resize", "operations", "bandwidth"});
        !known) {
      return known;
    }
    const auto operations = changed_limit(operations_, change.operations, "operations");
    if (!operations) return std::unexpected(operations.error());
    const auto bandwidth = changed_limit(bandwidth_, change.bandwidth, "bandwidth");
    if (!bandwidth) return std::unexpected(bandwidth.error());
    if (change.resize && host_.kind != DiskKind::file) {
      return std::unexpected(ControlError{
          .kind = ControlError::Kind::unsupported,
          .message = fmt::format("{} has no file behind it: its size is the configuration's",
                                 device_.name()),
          .field = "resize"});
    }
    if (change.operations || change.bandwidth) {
      operations_ = *operations;
      bandwidth_ = *bandwidth;
      device_.set_limits(operations_, bandwidth_);
    }
    if (change.resize) device_.resize();
    return {};
  }

 private:
  Device& device_;
  const DiskOptions host_;
  RateLimit operations_;
  RateLimit bandwidth_;
};

}  // namespace skiff
