#include "vmm/board/devices/ide_device.h"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "devices/ide/atapi_regs.h"
#include "devices/ide/ide_controller.h"
#include "vmm/base/error.h"
#include "vmm/board/virtio_devices.h"

namespace skiff {

// What the disks have in common; the last of them takes it along.
struct IdeDisks::Cabinet {
  std::vector<std::unique_ptr<AtaMedia>> media;
  std::vector<IdeChannel::DriveConfig> drives;
  std::unique_ptr<IdeController> controller;  // once placed; the media outlive it

  std::size_t channels() const { return media.size() > IdeChannel::kMostDrives ? 2 : 1; }
  void place(DevicePlaces& places);
};

void IdeDisks::Cabinet::place(DevicePlaces& places) {
  std::array<IrqSink*, IdeController::kChannels> irqs{};
  for (std::size_t i = 0; i < channels(); ++i)
    irqs[i] = &places.fixed_irq(IdeController::kIrqs[i]);
  controller = std::make_unique<IdeController>(drives, places.memory(), irqs);
  places.pci().add(*controller);
  controller->add_ports(places.ports());
}

namespace {

template <typename Cabinet>
class IdeDisk final : public EmulatedDevice {
 public:
  IdeDisk(std::shared_ptr<Cabinet> cabinet, std::size_t index)
      : cabinet_(std::move(cabinet)), index_(index) {}

  std::string_view name() const override { return cabinet_->media[index_]->name(); }
  std::string_view kind() const override { return "disk"; }
  std::string_view face() const override { return "ide"; }
  // The first disk asks, and makes the controller, for all.
  std::span<const std::uint32_t> fixed_irqs() const override {
    return std::span(IdeController::kIrqs).first(index_ == 0 ? cabinet_->channels() : 0);
  }
  std::span<const Range> fixed_ports() const override {
    // Those of a channel without disks too: Linux wants all or does not enable the function.
    const std::span<const Range> all(IdeController::kWindows);
    return all.first(index_ == 0 ? all.size() : 0);
  }
  void place(DevicePlaces& places) override {
    if (index_ == 0) cabinet_->place(places);
  }
  DeviceStats stats() const override {
    const IdeChannel::Counts counts =
        cabinet_->controller ? cabinet_->controller->counts(index_) : IdeChannel::Counts{};
    return {.name = std::string(name()),
            .kind = "ide",
            .queues = {{.index = 0,
                        .notifications = counts.commands,
                        .requests = counts.commands,
                        .interrupts = counts.interrupts}}};
  }

 private:
  const std::shared_ptr<Cabinet> cabinet_;
  const std::size_t index_;
};

class IdeDiskControls final : public DeviceControls {
 public:
  IdeDiskControls(const AtaMedia& media, const DiskOptions& host) : media_(media), host_(host) {}

  void describe(DeviceInfo& info) const override {
    info.capacity = media_.disk().capacity();
    if (const std::string_view engine = media_.engine(); engine != "none") info.backend = engine;
    if (host_.kind == DiskKind::file) info.source = host_.path;
  }
  ControlResult<> change(const DeviceChange& change) override {
    return refuse_others(media_.name(), change, {});
  }

 private:
  const AtaMedia& media_;
  const DiskOptions host_;
};

}  // namespace

IdeDisks::IdeDisks() : cabinet_(std::make_shared<Cabinet>()) {}
IdeDisks::~IdeDisks() = default;

ConfiguredDevice IdeDisks::add(const DeviceContext& context, const DiskConfig& config,
                               std::string name, std::unique_ptr<DiskBackend> backend) {
  if (cabinet_->media.size() == IdeController::kMostDisks) {
    throw ConfigError(
        fmt::format("{}: there is room for {} disks with face = \"ide\"; give the others "
                    "face = \"virtio\"",
                    name, IdeController::kMostDisks));
  }
  if (backend->info().block_size != ata::kSectorSize) {
    throw ConfigError(
        fmt::format("{}: an IDE disk has blocks of 512 bytes, not of {}; leave out block_size (or "
                    "direct, where the file asks for more)",
                    name, backend->info().block_size));
  }
  if (config.is_cdrom && backend->capacity() < atapi::kBlockSize) {
    throw ConfigError(fmt::format(
        "{}: a disc has blocks of {} bytes, and there are {} bytes; name an ISO image in path",
        name, atapi::kBlockSize, backend->capacity()));
  }
  const std::size_t index = cabinet_->media.size();
  cabinet_->media.push_back(std::make_unique<AtaMedia>(
      std::move(name), std::move(backend), context.io_thread(config.virtio.thread), context.clock));
  cabinet_->drives.push_back({.media = cabinet_->media.back().get(),
                              .serial = config.serial,
                              .is_cdrom = config.is_cdrom});
  return {.emulated = std::make_unique<IdeDisk<Cabinet>>(cabinet_, index),
          .controls = std::make_unique<IdeDiskControls>(*cabinet_->media.back(), config.host)};
}

}  // namespace skiff
