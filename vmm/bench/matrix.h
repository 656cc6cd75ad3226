// Which cells there are, and which of them a run measures. Pure; the rows themselves are
// matrix_table.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/bench/bench_board.h"
#include "vmm/bench/level.h"
#include "vmm/bench/report.h"

namespace skiff::bench {

struct DiskRow {
  std::string_view name;   // "virtio-pci,packed"
  std::string_view face;   // of `[[disk]]`
  std::string_view keys;   // its further keys, lines of TOML
  std::string_view words;  // for the guest
  std::string_view qemu;   // properties of QEMU's device: "packed=on"
  std::uint32_t most_depth;
  Level level;
  Needs needs = Needs::nothing;
};
struct NetRow {
  std::string_view name;
  std::string_view face;
  std::string_view keys;
  std::string_view words;
  std::string_view qemu;
  Level level;
};
struct ConsoleRow {
  std::string_view name;
  std::string_view sections;  // TOML
  std::string_view words;
  Level level;
  Needs needs = Needs::nothing;
};
struct BackendRow {
  std::string_view name;
  Level level;
  std::uint8_t step;  // how many levels later a cell comes than its shape alone would
};
// A cell as the guest's program knows it.
struct ShapeRow {
  std::string_view cell;
  std::uint32_t depth;
  Level level;
  Needs needs = Needs::nothing;
};

// Empty: a group that this guest has not.
struct Matrix {
  bool runs_linux = false;
  std::span<const ShapeRow> doorbell_shapes{};
  std::span<const DiskRow> disks;
  std::span<const BackendRow> backends;
  std::span<const ShapeRow> disk_shapes;
  std::span<const NetRow> nets;
  std::span<const ShapeRow> net_shapes;
  std::span<const ConsoleRow> consoles{};
  std::span<const ShapeRow> console_shapes{};
};
const Matrix& full_matrix();
// Of `skiff bench linux`: the faces that Linux has drivers for, by interrupt controller.
const Matrix& linux_matrix();

// One virtual machine, and the cells it is started for.
struct VmPlan {
  std::string group;
  std::string setup;
  std::string program;      // in the folder of guest programs: "bench-disk"
  bool runs_linux = false;  // or in the initramfs of a Linux
  std::string words{};      // its command line, without `hold` and `cells`
  std::uint32_t vcpus = 1;
  std::string irqchip{};
  const DiskRow* disk = nullptr;  // the others are null then
  std::string_view backend{};     // of the disk
  const NetRow* net = nullptr;
  const ConsoleRow* console = nullptr;
  std::vector<std::string> cells{};

  CellName name_of(const std::string& cell) const {
    return {.group = group, .setup = setup, .cell = cell};
  }
};

// The face that its device has; empty where it has neither disk nor card.
std::string_view face_of(const VmPlan& plan);
bool is_packed(const VmPlan& plan);
// Each notification is an exit to the monitor.
bool lacks_ioeventfd(const VmPlan& plan);

struct Selection {
  Level level = Level::normal;
  // Shell patterns (fnmatch) of a cell's whole id; `*` matches '/' too. With any, they choose from
  // the full matrix, and `level` is not looked at.
  std::vector<std::string> filters{};
};
// Of the matrix what the board has.
std::vector<VmPlan> plan_of(const Matrix& matrix, const BenchBoard& board,
                            const Selection& selection);
std::size_t cells_of(std::span<const VmPlan> plans);

}  // namespace skiff::bench
