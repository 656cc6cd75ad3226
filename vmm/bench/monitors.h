// How each virtual machine monitor is started for a planned machine. Pure.
//
// The guest is the same program for all; its serial console is the monitor's stdin and stdout.
#pragma once

#include <optional>
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
};

// `config`: path of the file that holds config_text(); `name`: of the VM; `run_base`: the folder
// under which its run directory lies.
Launch skiff_launch(const std::string& skiff, const std::string& config, const std::string& name,
                    const std::string& run_base);

// The same machine by QEMU, with the settings that make QEMU fast: an I/O thread, io_uring,
// O_DIRECT. Nothing where it has no such device or is not told how to notify.
std::optional<Launch> qemu_launch(const VmPlan& plan, const VmPlaces& places,
                                  const std::string& qemu, const std::string& cmdline);

// A monitor beside Skiff: its name in the report and its program.
struct Rival {
  std::string name;  // "qemu"
  std::string program;
};
// Names that --vs knows.
bool is_rival(std::string_view name);
// What is looked for in PATH.
std::string_view default_program(std::string_view rival);
std::optional<Launch> rival_launch(const Rival& rival, const VmPlan& plan, const VmPlaces& places,
                                   const std::string& cmdline);

}  // namespace skiff::bench
