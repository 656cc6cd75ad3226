#include "vmm/bench/monitors.h"

#include <array>

namespace skiff::bench {
namespace {

struct RivalRow {
  std::string_view name;
  std::string_view program;
  Launched (*launch)(const VmPlan& plan, const VmPlaces& places, const std::string& program,
                     const std::string& cmdline);
};
constexpr auto kRivals = std::to_array<RivalRow>({
    {"qemu", "qemu-system-x86_64", qemu_launch},
    {"firecracker", "firecracker", firecracker_launch},
    {"cloud-hypervisor", "cloud-hypervisor", cloud_hypervisor_launch},
});

const RivalRow* row_of(std::string_view name) {
  for (const RivalRow& row : kRivals) {
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
