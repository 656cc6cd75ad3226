#include "vmm/board/devices/disk_device.h"

#include <fmt/format.h>

#include "virtio/block/block_device.h"
#include "vmm/disk/disk_options.h"

namespace skiff {
namespace {

class DiskControls final : public DeviceControls {
 public:
  DiskControls(BlockDevice& device, const DiskConfig& config)
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
  BlockDevice& device_;
  const DiskOptions host_;
  RateLimit operations_;
  RateLimit bandwidth_;
};

}  // namespace

void create_disks(const DeviceContext& context, std::vector<ConfiguredDevice>& out) {
  std::size_t index = 0;
  for (const DiskConfig& disk : context.config.disks) {
    const BlockOptions options{
        .name = fmt::format("disk{}", index++),
        .serial = disk.serial,
        .queues = disk.queues,
        .queue_size = disk.queue_size,
        .operations = disk.operations,
        .bandwidth = disk.bandwidth,
    };
    auto backend = open_disk(disk.host);
    auto device = std::make_unique<BlockDevice>(
        std::move(backend), context.io_thread(disk.virtio.thread), context.clock, options);
    auto controls = std::make_unique<DiskControls>(*device, disk);
    out.push_back(
        {.device = std::move(device), .virtio = disk.virtio, .controls = std::move(controls)});
  }
}

}  // namespace skiff
