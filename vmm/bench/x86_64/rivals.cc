#include <array>

#include "vmm/bench/monitors.h"

namespace skiff::bench {
namespace {

constexpr auto kRivals = std::to_array<RivalRow>({
    {"qemu", "qemu-system-x86_64", qemu_launch},
    {"firecracker", "firecracker", firecracker_launch},
    {"cloud-hypervisor", "cloud-hypervisor", cloud_hypervisor_launch},
});

}  // namespace

std::span<const RivalRow> rival_rows() {
  return kRivals;
}

}  // namespace skiff::bench
