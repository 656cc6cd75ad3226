#include <array>

#include "vmm/bench/monitors.h"

namespace skiff::bench {
namespace {

// What is known of the others are their PCs.
constexpr auto kRivals = std::to_array<RivalRow>({
    {"qemu", "qemu-system-aarch64", qemu_launch},
});

}  // namespace

std::span<const RivalRow> rival_rows() {
  return kRivals;
}

}  // namespace skiff::bench
