// From [[net]] to a network card over a network back-end: virtio, or an e1000.
#pragma once

#include "vmm/board/device_table.h"

namespace skiff {

void create_net_cards(const DeviceContext& context, std::vector<ConfiguredDevice>& out);

}  // namespace skiff
