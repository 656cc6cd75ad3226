// From [[net]] to a virtio network device over a network back-end.
#pragma once

#include "vmm/board/device_table.h"

namespace skiff {

void create_net_cards(const DeviceContext& context, std::vector<ConfiguredDevice>& out);

}  // namespace skiff
