// A [[disk]] with face = "nvme": an NVMe controller over a disk back-end.
#pragma once

#include <cstddef>

#include "vmm/board/device_table.h"

namespace skiff {

// `index`: of the disk among all, for its name.
ConfiguredDevice create_nvme_disk(const DeviceContext& context, const DiskConfig& disk,
                                  std::size_t index);

}  // namespace skiff
