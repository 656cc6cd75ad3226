// From [rng] to a virtio entropy device.
#pragma once

#include "vmm/board/device_table.h"

namespace skiff {

void create_entropy_source(const DeviceContext& context, std::vector<ConfiguredDevice>& out);

}  // namespace skiff
