// From [[disk]] to a virtio block device over a disk back-end, or to one with another face.
#pragma once

#include "vmm/board/device_table.h"

namespace skiff {

void create_disks(const DeviceContext& context, std::vector<ConfiguredDevice>& out);

}  // namespace skiff
