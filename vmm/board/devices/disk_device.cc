#include "vmm/board/devices/disk_device.h"

#include <fmt/format.h>

#include "virtio/block/block_device.h"
#include "vmm/disk/disk_options.h"

namespace skiff {

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
    out.push_back(
        {.device = std::make_unique<BlockDevice>(
             std::move(backend), context.io_thread(disk.virtio.thread), context.clock, options),
         .virtio = disk.virtio});
  }
}

}  // namespace skiff
