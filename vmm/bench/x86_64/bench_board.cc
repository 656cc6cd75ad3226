#include "vmm/bench/bench_board.h"

#include <array>

namespace skiff::bench {
namespace {

// Two vCPUs, so that one can interrupt the other.
constexpr auto kDoorbells = std::to_array<DoorbellRow>({
    {"kernel", 2, Level::quick, true},
    {"split", 2, Level::normal},
    {"user", 1, Level::normal},  // uniprocessor
});

constexpr auto kOffers = std::to_array({Needs::ports, Needs::uart16550, Needs::collected});

constexpr BenchBoard kBoard = {.doorbells = kDoorbells,
                               .irqchip = "kernel",
                               .offers = kOffers,
                               .names_mmio_devices = true,
                               .linux_console = "ttyS0"};

}  // namespace

const BenchBoard& bench_board() {
  return kBoard;
}

}  // namespace skiff::bench
