// From all [[virtio_console]] sections to one device.
#pragma once

#include "vmm/board/device_table.h"

namespace skiff {

void create_virtio_console(const DeviceContext& context, std::vector<ConfiguredDevice>& out);

}  // namespace skiff
