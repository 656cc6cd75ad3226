#include "vmm/bench/matrix.h"

#include <fnmatch.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace skiff::bench {
namespace {

class Planner {
 public:
  Planner(const Matrix& matrix, const BenchBoard& board, const Selection& selection)
      : matrix_(matrix), board_(board), selection_(selection) {}

  std::vector<VmPlan> plan() {
    for (const DoorbellRow& row : board_.doorbells)
      add_doorbell(row);
    for (const DoorbellRow& irqchip : irqchips()) {
      for (const BackendRow& backend : matrix_.backends) {
        for (const DiskRow& row : matrix_.disks)
          add_disk(row, backend, irqchip);
      }
      for (const NetRow& row : matrix_.nets)
        add_net(row, irqchip);
    }
    for (const ConsoleRow& row : matrix_.consoles)
      add_console(row);
    return std::move(plans_);
  }

 private:
  void add_doorbell(const DoorbellRow& row) {
    VmPlan plan{
        .group = "doorbell", .setup = std::string(row.irqchip), .program = "bench-doorbell"};
    plan.vcpus = row.vcpus;
    plan.irqchip = row.irqchip;
    for (const ShapeRow& shape : matrix_.doorbell_shapes) {
      if (board_.has(shape.needs)) add_cell(plan, shape, std::max(row.level, shape.level));
    }
    keep(std::move(plan));
  }

  // Those that disks and cards are measured with; without a name: the default. Guests without an
  // operating system measure the others by themselves, as doorbells.
  std::vector<DoorbellRow> irqchips() const {
    std::vector<DoorbellRow> rows = {{.irqchip = {}, .vcpus = 1, .level = Level::quick}};
    if (!matrix_.runs_linux) return rows;
    std::ranges::remove_copy_if(board_.doorbells, std::back_inserter(rows),
                                &DoorbellRow::is_default);
    return rows;
  }

  static std::string suffix_of(const DoorbellRow& irqchip) {
    return irqchip.irqchip.empty() ? std::string() : "/" + std::string(irqchip.irqchip);
  }

  std::string program_of(std::string_view program) const {
    return matrix_.runs_linux ? "bench-linux" : std::string(program);
  }

  void add_disk(const DiskRow& row, const BackendRow& backend, const DoorbellRow& irqchip) {
    if (!board_.has(row.needs)) return;
    VmPlan plan{
        .group = "disk",
        .setup = std::string(row.name) + "/" + std::string(backend.name) + suffix_of(irqchip),
        .program = program_of("bench-disk"),
        .runs_linux = matrix_.runs_linux,
        .words = std::string(row.words),
        .irqchip = std::string(irqchip.irqchip)};
    plan.disk = &row;
    plan.backend = backend.name;
    for (const ShapeRow& shape : matrix_.disk_shapes) {
      if (shape.depth > row.most_depth) continue;
      const auto stepped =
          std::min(static_cast<int>(shape.level) + backend.step, static_cast<int>(Level::full));
      add_cell(plan, shape,
               std::max({row.level, backend.level, irqchip.level, static_cast<Level>(stepped)}));
    }
    keep(std::move(plan));
  }

  void add_net(const NetRow& row, const DoorbellRow& irqchip) {
    VmPlan plan{.group = "net",
                .setup = std::string(row.name) + suffix_of(irqchip),
                .program = program_of("bench-net"),
                .runs_linux = matrix_.runs_linux,
                .words = std::string(row.words),
                .irqchip = std::string(irqchip.irqchip)};
    plan.net = &row;
    for (const ShapeRow& shape : matrix_.net_shapes)
      add_cell(plan, shape, std::max({row.level, irqchip.level, shape.level}));
    keep(std::move(plan));
  }

  void add_console(const ConsoleRow& row) {
    if (!board_.has(row.needs)) return;
    VmPlan plan{.group = "console",
                .setup = std::string(row.name),
                .program = "bench-console",
                .words = std::string(row.words)};
    plan.console = &row;
    for (const ShapeRow& shape : matrix_.console_shapes) {
      // Input comes by stdin, which is the first serial port's.
      if (shape.cell == "in" && !row.sections.empty()) continue;
      add_cell(plan, shape, std::max(row.level, shape.level));
    }
    keep(std::move(plan));
  }

  void add_cell(VmPlan& plan, const ShapeRow& shape, Level level) const {
    std::string cell(shape.cell);
    if (is_wanted(plan.name_of(cell).id(), level)) plan.cells.push_back(std::move(cell));
  }

  bool is_wanted(const std::string& id, Level level) const {
    if (selection_.filters.empty()) return level <= selection_.level;
    return std::ranges::any_of(selection_.filters, [&id](const std::string& pattern) {
      return ::fnmatch(pattern.c_str(), id.c_str(), 0) == 0;
    });
  }

  void keep(VmPlan plan) {
    if (plan.irqchip.empty()) plan.irqchip = board_.irqchip;
    if (!plan.cells.empty()) plans_.push_back(std::move(plan));
  }

  const Matrix& matrix_;
  const BenchBoard& board_;
  const Selection& selection_;
  std::vector<VmPlan> plans_;
};

std::string_view keys_of(const VmPlan& plan) {
  if (plan.disk != nullptr) return plan.disk->keys;
  return plan.net != nullptr ? plan.net->keys : std::string_view();
}

}  // namespace

std::string_view to_text(Level level) {
  switch (level) {
    case Level::quick:
      return "quick";
    case Level::normal:
      return "default";
    case Level::full:
      break;
  }
  return "full";
}

std::string_view face_of(const VmPlan& plan) {
  if (plan.disk != nullptr) return plan.disk->face;
  return plan.net != nullptr ? plan.net->face : std::string_view();
}

bool is_packed(const VmPlan& plan) {
  return keys_of(plan).contains("ring = \"packed\"");
}

bool lacks_ioeventfd(const VmPlan& plan) {
  return keys_of(plan).contains("ioeventfd = false");
}

std::vector<VmPlan> plan_of(const Matrix& matrix, const BenchBoard& board,
                            const Selection& selection) {
  return Planner(matrix, board, selection).plan();
}

std::size_t cells_of(std::span<const VmPlan> plans) {
  std::size_t cells = 0;
  for (const VmPlan& plan : plans)
    cells += plan.cells.size();
  return cells;
}

}  // namespace skiff::bench
