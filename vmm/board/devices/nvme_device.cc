#include "vmm/board/devices/nvme_device.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "devices/nvme/nvme_controller.h"
#include "devices/pci/pci_bus.h"
#include "vmm/board/devices/disk_controls.h"
#include "vmm/board/virtio_devices.h"
#include "vmm/disk/disk_options.h"

namespace skiff {
namespace {

// A controller has its place from the beginning, so it is made when it gets it.
class NvmeDisk final : public EmulatedDevice {
 public:
  NvmeDisk(const DeviceContext& context, const DiskConfig& disk, const NvmeOptions& options)
      : options_(options),
        backend_(open_disk(disk.host)),
        executor_(context.io_thread(disk.virtio.thread)),
        clock_(context.clock),
        has_doorbells_(disk.virtio.ioeventfd) {}

  std::string_view name() const override { return options_.name; }
  std::string_view kind() const override { return "disk"; }
  std::string_view face() const override { return "nvme"; }
  void place(DevicePlaces& places) override {
    controller_ = std::make_unique<NvmeController>(
        std::move(backend_), executor_, clock_, places.memory(), places.msi(),
        has_doorbells_ ? &places.doorbells() : nullptr, options_);
    places.pci().add(*controller_);
  }
  DeviceStats stats() const override { return controller_->stats(); }

  // For DiskControls.
  std::uint64_t capacity() const { return controller_->capacity(); }
  const char* engine() const { return controller_->engine(); }
  bool has_engine() const { return std::string_view(engine()) != "none"; }
  void resize() { controller_->resize(); }
  void set_limits(const RateLimit& operations, const RateLimit& bandwidth) {
    controller_->set_limits(operations, bandwidth);
  }

 private:
  const NvmeOptions options_;
  std::unique_ptr<DiskBackend> backend_;  // until it is placed
  Executor& executor_;
  const Clock& clock_;
  const bool has_doorbells_;
  std::unique_ptr<NvmeController> controller_;
};

}  // namespace

ConfiguredDevice create_nvme_disk(const DeviceContext& context, const DiskConfig& disk,
                                  std::size_t index) {
  const NvmeOptions options{
      .name = fmt::format("disk{}", index),
      .serial = disk.serial,
      .source = disk.host.path,
      .queues = disk.queues,
      .operations = disk.operations,
      .bandwidth = disk.bandwidth,
  };
  auto device = std::make_unique<NvmeDisk>(context, disk, options);
  auto controls = std::make_unique<DiskControls<NvmeDisk>>(*device, disk);
  return {.emulated = std::move(device), .controls = std::move(controls)};
}

}  // namespace skiff
