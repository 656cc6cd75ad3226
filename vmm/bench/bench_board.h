// What a board has of what the matrix is about, as data: the rows it has none of are left out
// (matrix.h). Each architecture has its own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "vmm/bench/level.h"

namespace skiff::bench {

// What a row of the matrix wants of a board.
enum class Needs : std::uint8_t {
  nothing,
  ports,      // I/O ports, and so what is reached by them alone
  uart16550,  // as the first serial port
  pl011,      // likewise
  collected,  // a register for writes that KVM collects (debug.coalesced)
};

// Where the interrupt controllers live: `machine.irqchip`.
struct DoorbellRow {
  std::string_view irqchip;
  std::uint32_t vcpus;
  Level level;
  bool is_default = false;  // where the board's own are, of machines that are not about it
  std::string_view qemu{};  // the same for QEMU, as a property of its machine
};

// The board that QEMU has for it: `-machine`, `-cpu`, and what it has to be told beside.
struct QemuBoard {
  std::string_view machine;
  std::string_view mmio_machine;  // with virtio-mmio devices
  std::string_view port_machine;  // with an IDE controller's ports
  std::string_view cpu;
  std::span<const std::string_view> options;
  std::string_view irqchip;  // of machines that are not about it; as DoorbellRow::qemu
};

struct BenchBoard {
  std::span<const DoorbellRow> doorbells;
  std::string_view irqchip;  // of machines that are not about it
  std::span<const Needs> offers;
  // A guest finds virtio-mmio devices on its command line (boot.virtio_mmio_cmdline) and not in a
  // device tree.
  bool names_mmio_devices;
  std::string_view linux_console;  // the first serial port, as Linux calls it
  QemuBoard qemu{};

  bool has(Needs needs) const {
    return needs == Needs::nothing || std::ranges::find(offers, needs) != offers.end();
  }
  std::string_view qemu_irqchip(std::string_view irqchip_name) const {
    const auto row = std::ranges::find(doorbells, irqchip_name, &DoorbellRow::irqchip);
    return row == doorbells.end() ? qemu.irqchip : row->qemu;
  }
};

// Of the architecture that Skiff is built for.
const BenchBoard& bench_board();

}  // namespace skiff::bench
