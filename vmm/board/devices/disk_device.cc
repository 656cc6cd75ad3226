#include "vmm/board/devices/disk_device.h"

#include <fmt/format.h>

#include "virtio/block/block_device.h"
#include "vmm/board/devices/disk_controls.h"
#include "vmm/board/devices/ide_device.h"
#include "vmm/board/devices/nvme_device.h"
#include "vmm/disk/disk_options.h"

namespace skiff {
void create_disks(const DeviceContext& context, std::vector<ConfiguredDevice>& out) {
  std::size_t index = 0;
  IdeDisks ide_disks;
  for (const DiskConfig& disk : context.config.disks) {
    const std::size_t at = index++;
    if (disk.face == DiskFace::nvme) {
      out.push_back(create_nvme_disk(context, disk, at));
      continue;
    }
    const BlockOptions options{
        .name = fmt::format("disk{}", at),
        .serial = disk.serial,
        .queues = disk.queues,
        .queue_size = disk.queue_size,
        .operations = disk.operations,
        .bandwidth = disk.bandwidth,
        .is_inline = disk.is_inline,
    };
    auto backend = open_disk(disk.host);
    if (disk.face == DiskFace::ide) {
      out.push_back(ide_disks.add(context, disk, options.name, std::move(backend)));
      continue;
    }
    auto device = std::make_unique<BlockDevice>(
        std::move(backend), context.io_thread(disk.virtio.thread), context.clock, options);
    auto controls = std::make_unique<DiskControls<BlockDevice>>(*device, disk);
    out.push_back(
        {.device = std::move(device), .virtio = disk.virtio, .controls = std::move(controls)});
  }
}

}  // namespace skiff
