#include "vmm/bench/bench_board.h"

#include <array>

namespace skiff::bench {
namespace {

// Two vCPUs, so that one can interrupt the other.
constexpr auto kDoorbells = std::to_array<DoorbellRow>({
    {"kernel", 2, Level::quick, true},
    {"split", 2, Level::normal, false, "kernel-irqchip=split"},
    {"user", 1, Level::normal, false, "kernel-irqchip=off"},  // uniprocessor
});

constexpr auto kOffers = std::to_array({Needs::ports, Needs::uart16550, Needs::collected});

// The port that ends the process.
constexpr auto kQemuOptions =
    std::to_array<std::string_view>({"-device", "isa-debug-exit,iobase=0xf4,iosize=0x4"});

// microvm has virtio-mmio, and names its devices to the kernel where it has no ACPI tables; the old
// PC has an IDE controller with ports.
constexpr QemuBoard kQemu = {.machine = "q35",
                             .mmio_machine = "microvm,x-option-roms=off,acpi=off",
                             .port_machine = "pc",
                             .cpu = "host,-arch-capabilities",
                             .options = kQemuOptions,
                             .irqchip = {}};

constexpr BenchBoard kBoard = {.doorbells = kDoorbells,
                               .irqchip = "kernel",
                               .offers = kOffers,
                               .names_mmio_devices = true,
                               .linux_console = "ttyS0",
                               .qemu = kQemu};

}  // namespace

const BenchBoard& bench_board() {
  return kBoard;
}

}  // namespace skiff::bench
