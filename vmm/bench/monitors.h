// How each virtual machine monitor is started for a planned machine. Pure.
//
// The guest is the same program for all; its serial console is the monitor's stdin and stdout.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vmm/bench/matrix.h"
#include "vmm/bench/vm_text.h"

namespace skiff::bench {

struct Launch {
  std::string program;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment{};
  // Text of the file VmPlaces::config, which has to be there before; empty: none is needed.
  std::string config{};
  // It listens to its stdin only where that is a terminal.
  bool wants_terminal = false;
  // It takes no descriptor of a tap, but opens the tap by its name.
  bool opens_tap = false;
};

// Or the reason for which this monitor has no such machine, as the report says it.
using Launched = std::expected<Launch, std::string>;

// `config`: path of the file that holds config_text(); `name`: of the VM; `run_base`: the folder
// under which its run directory lies.
Launch skiff_launch(const std::string& skiff, const std::string& config, const std::string& name,
                    const std::string& run_base);

// The same machine by others, with the settings that make them fast.
//
// QEMU: an I/O thread, io_uring, O_DIRECT. Sources: its manual page; docs/system, microvm.rst.
// Its machine is the board's: the value of `-machine`.
std::string qemu_machine(const BenchBoard& board, const VmPlan& plan);
Launched qemu_launch(const VmPlan& plan, const VmPlaces& places, const std::string& program,
                     const std::string& cmdline);
// Firecracker: io_uring ("Async"), no API. Sources of its tree: src/firecracker/swagger/
// firecracker.yaml, docs/getting-started.md ("Configuring the microVM without sending API
// requests"), docs/api_requests/block-io-engine.md.
Launched firecracker_launch(const VmPlan& plan, const VmPlaces& places, const std::string& program,
                            const std::string& cmdline);
// Cloud Hypervisor: O_DIRECT; it takes io_uring by itself. Sources of its tree: `--help`;
// docs/device_model.md.
Launched cloud_hypervisor_launch(const VmPlan& plan, const VmPlaces& places,
                                 const std::string& program, const std::string& cmdline);

// A monitor beside Skiff: its name in the report and its program.
struct Rival {
  std::string name;  // "qemu", "firecracker", "cloud-hypervisor"
  std::string program;
};
struct RivalRow {
  std::string_view name;
  std::string_view program;
  Launched (*launch)(const VmPlan& plan, const VmPlaces& places, const std::string& program,
                     const std::string& cmdline);
};
// Those that are known to start machines of this architecture.
std::span<const RivalRow> rival_rows();
// What is looked for in PATH; empty for a name that --vs does not know.
std::string_view default_program(std::string_view rival);
Launched rival_launch(const Rival& rival, const VmPlan& plan, const VmPlaces& places,
                      const std::string& cmdline);

}  // namespace skiff::bench
