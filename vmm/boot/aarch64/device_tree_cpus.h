// The processors' part of the device tree: /cpus with cpu-map, and /psci.
#pragma once

#include <cstdint>
#include <span>

#include "vmm/boot/aarch64/device_tree.h"
#include "vmm/boot/aarch64/fdt_writer.h"

namespace skiff::arm64 {

void write_cpus(FdtWriter& fdt, std::span<const std::uint64_t> mpidrs,
                const DeviceTreeTopology& topology);

}  // namespace skiff::arm64
