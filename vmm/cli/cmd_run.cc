// `skiff run`: a machine from a configuration, in this terminal.
#include <fmt/core.h>

#include <array>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <variant>
#include <vector>

#include "vmm/base/exit_status.h"
#include "vmm/base/log.h"
#include "vmm/base/standard_fds.h"
#include "vmm/cli/arguments.h"
#include "vmm/cli/command_line.h"
#include "vmm/cli/command_spec.h"
#include "vmm/cli/config_options.h"
#include "vmm/cli/print.h"
#include "vmm/control/run_directory/run_base.h"
#include "vmm/control/start_report.h"
#include "vmm/machine/config_descriptors.h"
#include "vmm/machine/config_file.h"
#include "vmm/machine/run_machine.h"

namespace skiff {
namespace {

using namespace std::string_view_literals;

constexpr std::array kStats = {"table"sv, "json"sv};

constexpr auto kRunOptions = std::to_array<OptionSpec>({
    {.names = "--set",
     .value = "KEY=VALUE",
     .help = "Set a key of the configuration, over what the file says: --set machine.vcpus=2. In a "
             "list of sections the number counts from 0: --set serial.0.target=null. May be given "
             "several times.",
     .completion = Completion::config_key},
    {.names = "--kernel",
     .value = "FILE",
     .help = "Short for --set boot.kernel=FILE. With it CONFIG may be left out.",
     .completion = Completion::file},
    {.names = "--initrd",
     .value = "FILE",
     .help = "Short for --set boot.initrd=FILE.",
     .completion = Completion::file},
    {.names = "--cmdline", .value = "TEXT", .help = "Short for --set boot.cmdline=TEXT."},
    {.names = "--protocol",
     .value = "NAME",
     .help = "Short for --set boot.protocol=NAME: auto, linux64, linux-direct, pvh, multiboot or "
             "flat."},
    {.names = "--vcpus", .value = "N", .help = "Short for --set machine.vcpus=N."},
    {.names = "--memory",
     .value = "SIZE",
     .help = "Short for --set machine.memory=SIZE, such as 512M or 4.5G."},
    {.names = "--disk",
     .value = "PATH[,ro]",
     .help =
         "One more virtio disk, a raw image or block device; with ,ro it is read-only. The first "
         "is the guest's /dev/vda.",
     .completion = Completion::file},
    {.names = "--net",
     .value = "user|tap=NAME",
     .help = "One more virtio network card: user networking, which needs no privileges, or a tap "
             "interface of the host."},
    {.names = "--detach,-d",
     .value = "",
     .help = "Return when the guest runs, print the VM's name, and leave it to `skiff ps`, `skiff "
             "stop` and the other commands. What keeps it from running is told here, with the same "
             "exit status as without --detach."},
    {.names = "--name",
     .value = "NAME",
     .help = "The VM can be reached from other terminals by this name, detached or not. With "
             "--detach alone it is machine.name."},
    {.names = "--log",
     .value = "FILE",
     .help = "Append what the console says to FILE, each line with its time. At 16 MiB it becomes "
             "FILE.1; three old ones are kept. Without it a VM with a name has such a log in its "
             "run directory (`skiff logs`).",
     .completion = Completion::file},
    {.names = "--dump-dtb",
     .value = "FILE",
     .help = "Write the device tree that the guest gets to FILE (where its board has one); `dtc` "
             "reads it.",
     .completion = Completion::file},
    {.names = "--no-input",
     .value = "",
     .help = "Do not read stdin: short for --set console.input=false."},
    {.names = "--stats",
     .value = "FORMAT",
     .help = "When the machine has ended, print to stderr how often each kind of exit happened and "
             "what it cost, as a table, or for programs as json.",
     .implied = "table",
     .choices = kStats},
});

constexpr auto kRunExamples = std::to_array<ExampleSpec>({
    {"skiff run vm.toml", "start the machine that vm.toml describes"},
    {"skiff run --kernel vmlinuz --initrd initrd.img --memory 1G", "without a file"},
    {"skiff run vm.toml --disk root.img --net user", "with a disk and a network"},
    {"skiff run vm.toml --set boot.cmdline=\"console=ttyS0 single\"", "change one key"},
    {"skiff run --detach vm.toml --name web", "in the background, as \"web\""},
    {"skiff run vm.toml --stats=json 2>exits.json", "count the exits of a run"},
    {"printf 'uname -a\\npoweroff\\n' | skiff run vm.toml", "let a pipe do the typing"},
});

// What main_command would print of an error is told to the process that waits.
int run_in_background(StartReport& report, const VmConfig& config, RunOptions& options) {
  options.on_running = [&report] { report.running(); };
  const auto fail = [&report](int status, const std::string& why) {
    report.failed(status, why);
    return status;
  };
  try {
    return run_machine(config, options);
  } catch (const ConfigError& error) {
    return fail(exit_status::kUsage, error.what());
  } catch (const std::bad_alloc&) {
    return fail(exit_status::kHost, fmt::format("skiff: {}", kOutOfMemory));
  } catch (const std::exception& error) {
    return fail(exit_status::kHost, fmt::format("skiff: {}", error.what()));
  }
}

int run_detached(const VmConfig& config, RunOptions& options) {
  auto side = detach();
  if (auto* const report = std::get_if<StartReport>(&side)) {
    std::vector<int> wanted = descriptors_of(config);
    add_descriptor_of(options.console_log, wanted);
    close_inherited_fds(wanted);
    return run_in_background(*report, config, options);
  }
  const int status = std::get<int>(side);
  return status == 0 ? print_all(options.name + "\n") : status;
}

int run_main(const Arguments& arguments) {
  const auto overrides = config_overrides(arguments);
  if (arguments.operand.empty() && !arguments.has("--kernel") && !arguments.has("--set")) {
    throw UsageError("run needs a configuration file or --kernel; see skiff run --help");
  }
  RunOptions options;
  if (const auto stats = arguments.last("--stats")) {
    if (arguments.has("--detach")) {
      throw UsageError("--stats prints to this terminal, which --detach leaves");
    }
    options.stats = *stats == "json" ? StatsFormat::json : StatsFormat::table;
  }
  VmConfig config = load_config(arguments.operand, overrides, config_facts());
  config.debug.device_tree_file = arguments.last("--dump-dtb").value_or("");
  options.name = arguments.last("--name").value_or("");
  if (arguments.has("--name") && !is_vm_name(options.name)) {
    throw UsageError(
        fmt::format("--name is \"{}\"; it must be 1 to 64 letters, digits, '-', '_' or "
                    "'.', and begin with none of the last three but '_'",
                    options.name));
  }
  std::error_code ignored;
  if (!arguments.operand.empty()) {
    options.config_path = std::filesystem::absolute(arguments.operand, ignored).string();
  }
  if (const auto log = arguments.last("--log")) {
    if (log->empty()) throw UsageError("--log needs the name of a file");
    options.console_log = std::filesystem::absolute(*log, ignored).string();
  }
  if (!arguments.has("--detach")) return run_machine(config, options);
  options.detached = true;
  if (options.name.empty()) options.name = config.machine.name;
  if (!arguments.has("--log-file")) {
    const auto level = arguments.last("--log-level");
    options.run_log = level ? parse_log_level(*level).value_or(LogLevel::info) : LogLevel::info;
  }
  return run_detached(config, options);
}

constexpr CommandSpec kRunSpec = {
    .name = "run",
    .operands = "[CONFIG]",
    .summary = "start a virtual machine",
    .description =
        "Starts the machine that the TOML file CONFIG describes (docs/config.md has every key) and "
        "connects its serial console to this terminal. Paths in CONFIG are relative to its folder; "
        "paths on the command line to the current directory.\n\n"
        "The machine runs until the guest powers off. The first Ctrl-C from outside the console or "
        "SIGTERM presses the guest's power button; a second one stops it. In the console Ctrl-A x "
        "stops the machine and Ctrl-A h lists the other keys.\n\n"
        "With --detach or --name the machine has a name under which the other commands find it "
        "(docs/control.md).",
    .options = kRunOptions,
    .examples = kRunExamples,
    .operand_completion = Completion::file,
    .run = run_main,
};

}  // namespace

const CommandSpec& run_command() {
  return kRunSpec;
}

}  // namespace skiff
