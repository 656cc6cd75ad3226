#include "vmm/bench/monitors.h"

namespace skiff::bench {
namespace {

const RivalRow* row_of(std::string_view name) {
  for (const RivalRow& row : rival_rows()) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace

Launch skiff_launch(const std::string& skiff, const std::string& config, const std::string& name,
                    const std::string& run_base) {
  return {.program = skiff,
          .arguments = {"run", config, "--name", name, "--log-level", "error"},
          .environment = {{"XDG_RUNTIME_DIR", run_base}}};
}

std::string_view default_program(std::string_view rival) {
  const RivalRow* const row = row_of(rival);
  return row == nullptr ? std::string_view() : row->program;
}

Launched rival_launch(const Rival& rival, const VmPlan& plan, const VmPlaces& places,
                      const std::string& cmdline) {
  const RivalRow* const row = row_of(rival.name);
  if (row == nullptr) return std::unexpected("nothing is known of " + rival.name);
  return row->launch(plan, places, rival.program, cmdline);
}

}  // namespace skiff::bench
