#include "vmm/bench/bench_board.h"

#include <array>

namespace skiff::bench {
namespace {

// Two vCPUs, so that one can interrupt the other.
constexpr auto kDoorbells = std::to_array<DoorbellRow>({
    {"gicv3", 2, Level::quick, true},
    {"gicv2", 2, Level::normal},
});

constexpr auto kOffers = std::to_array({Needs::pl011});

constexpr BenchBoard kBoard = {.doorbells = kDoorbells,
                               .irqchip = "auto",
                               .offers = kOffers,
                               .names_mmio_devices = false,
                               .linux_console = "ttyAMA0"};

}  // namespace

const BenchBoard& bench_board() {
  return kBoard;
}

}  // namespace skiff::bench
