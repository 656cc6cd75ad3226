#include "vmm/bench/bench_board.h"

#include <array>

namespace skiff::bench {
namespace {

// Two vCPUs, so that one can interrupt the other.
constexpr auto kDoorbells = std::to_array<DoorbellRow>({
    {"gicv3", 2, Level::quick, true, "gic-version=3"},
    {"gicv2", 2, Level::normal, false, "gic-version=2"},
});

constexpr auto kOffers = std::to_array({Needs::pl011});

// The guest ends by PSCI. Without firmware nobody gives PCI functions their addresses: the guest's
// program does (guest/aarch64/runtime/pci_config.c).
constexpr QemuBoard kQemu = {.machine = "virt",
                             .mmio_machine = "virt",
                             .port_machine = {},
                             .cpu = "host",
                             .options = {},
                             .irqchip = "gic-version=host"};

constexpr BenchBoard kBoard = {.doorbells = kDoorbells,
                               .irqchip = "auto",
                               .offers = kOffers,
                               .names_mmio_devices = false,
                               .linux_console = "ttyAMA0",
                               .qemu = kQemu};

}  // namespace

const BenchBoard& bench_board() {
  return kBoard;
}

}  // namespace skiff::bench
