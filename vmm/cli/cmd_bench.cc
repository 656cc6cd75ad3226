// `skiff bench`: virtio against emulated I/O, measured.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "vmm/base/exit_status.h"
#include "vmm/bench/bench_board.h"
#include "vmm/bench/compare_reports.h"
#include "vmm/bench/matrix.h"
#include "vmm/bench/report_text.h"
#include "vmm/cli/arguments.h"
#include "vmm/cli/bench_files.h"
#include "vmm/cli/bench_linux.h"
#include "vmm/cli/bench_measure.h"
#include "vmm/cli/command_line.h"
#include "vmm/cli/command_spec.h"
#include "vmm/cli/print.h"

namespace skiff {
namespace {

constexpr auto kBenchOptions = std::to_array<OptionSpec>({
    {.names = "--quick",
     .value = "",
     .help = "The cells that tell most, five runs, less than a minute: runs for which there is no "
             "time are left out."},
    {.names = "--full", .value = "", .help = "Every cell; takes the better part of an hour."},
    {.names = "--filter",
     .value = "GLOB",
     .help = "Only cells whose name fits, of all there are: 'disk/*/memory/read-4096-d1'. * stands "
             "for any text, '/' included. May be given several times."},
    {.names = "--list", .value = "", .help = "Print the cells that would be measured, and end."},
    {.names = "--runs",
     .value = "N",
     .help = "How often each virtual machine is started, 1 to 1000; 10 where nothing is said."},
    {.names = "--json",
     .value = "FILE",
     .help = "Write all numbers to FILE.",
     .completion = Completion::file},
    {.names = "--html",
     .value = "FILE",
     .help = "Write a page with charts to FILE, which needs nothing beside it.",
     .completion = Completion::file},
    {.names = "--vs",
     .value = "NAME,...",
     .help = "Run the same guests under these monitors too: qemu, firecracker, cloud-hypervisor."},
    {.names = "--vs-path",
     .value = "NAME=PATH",
     .help = "The program of one of them; without it PATH is searched.",
     .completion = Completion::file},
    {.names = "--instructions",
     .value = "",
     .help =
         "Count, one by one, the instructions that the vCPU's thread executes outside the guest "
         "for an exit, of the doorbells that are nothing but exits; nothing is timed then."},
    {.names = "--kernel",
     .value = "FILE",
     .help = "Of `bench linux`: the kernel that is booted, as `skiff run` takes them.",
     .completion = Completion::file},
    {.names = "--initramfs",
     .value = "FILE",
     .help =
         "Of `bench linux`: an initramfs with that kernel's drivers, fio and bench-linux, as "
         "guest/linux/build.sh makes it; bench.cpio.gz beside the kernel where nothing is said.",
     .completion = Completion::file},
    {.names = "--patience",
     .value = "SECONDS",
     .help = "How long a guest may say nothing, 1 to 3600; 60, of `bench linux` 120, where nothing "
             "is said."},
    {.names = "--no-pin",
     .value = "",
     .help = "Let the host choose where threads run. Else the vCPU has a processor of its own, "
             "where there are two."},
    {.names = "--guests",
     .value = "DIR",
     .help = "Where the guest programs are. Without it they are looked for beside the program, as "
             "the build and `make install` leave them.",
     .completion = Completion::directory},
    {.names = "--scratch",
     .value = "DIR",
     .help = "Where a disk image of 256 MiB may be made for a while; /var/tmp where nothing is "
             "said. The back-end \"file\" measures the disk it lies on.",
     .completion = Completion::directory},
});

constexpr auto kBenchExamples = std::to_array<ExampleSpec>({
    {"skiff bench --quick", "what does virtio buy, and why?"},
    {"skiff bench --html report.html --json report.json", "the whole story, in a few minutes"},
    {"skiff bench --filter 'disk/*/memory/*-d32' --runs 3", "disks with 32 requests at once"},
    {"skiff bench --vs qemu --filter 'disk/virtio-pci/*'", "the same guests under QEMU"},
    {"skiff bench --instructions --vs qemu --runs 1", "what does an exit cost each program?"},
    {"skiff bench linux --kernel vmlinuz --quick", "what does it buy a Linux guest?"},
    {"skiff bench compare before.json after.json", "what has changed, beyond noise?"},
});

bench::Selection selection_of(const Arguments& arguments) {
  bench::Selection selection;
  if (arguments.has("--quick") && arguments.has("--full")) {
    throw UsageError("--quick and --full are two different things");
  }
  if (arguments.has("--quick")) selection.level = bench::Level::quick;
  if (arguments.has("--full")) selection.level = bench::Level::full;
  for (const Arguments::Option& option : arguments.options) {
    if (option.name == "--filter") selection.filters.push_back(option.value);
  }
  return selection;
}

// The cells whose every request is one exit.
void select_exits(bench::Selection& selection) {
  if (!selection.filters.empty() || selection.level != bench::Level::normal) {
    throw UsageError("--instructions has its own cells; leave --filter, --quick and --full out");
  }
  selection.filters = {"doorbell/*/port-write", "doorbell/*/mmio-write",
                       "doorbell/*/unclaimed-port"};
}

int list(const std::vector<bench::VmPlan>& plans) {
  std::string text;
  for (const bench::VmPlan& plan : plans) {
    for (const std::string& cell : plan.cells)
      text += plan.name_of(cell).id() + "\n";
  }
  return print_all(text);
}

int compare(const Arguments& arguments) {
  if (arguments.operands.size() != 3) {
    throw UsageError("bench compare needs two reports: skiff bench compare BEFORE.json AFTER.json");
  }
  const bench::Report before = read_bench_report(arguments.operands[1]);
  const bench::Report after = read_bench_report(arguments.operands[2]);
  return print_all(bench::compare_reports_text(before, after));
}

int bench_main(const Arguments& arguments) {
  if (arguments.operand == "compare") return compare(arguments);
  const bool is_linux = arguments.operand == "linux";
  if (!arguments.operand.empty() && !is_linux) {
    throw UsageError(
        fmt::format("bench does not know \"{}\"; it knows linux and compare", arguments.operand));
  }
  if (arguments.operands.size() > 1) {
    throw UsageError(fmt::format("bench linux takes nothing like \"{}\"; --kernel names a kernel",
                                 arguments.operands[1]));
  }
  check_bench_linux(arguments);
  bench::Selection selection = selection_of(arguments);
  if (arguments.has("--instructions")) select_exits(selection);
  const auto plans = bench::plan_of(is_linux ? bench::linux_matrix() : bench::full_matrix(),
                                    bench::bench_board(), selection);
  if (plans.empty()) {
    throw UsageError(fmt::format("no cell fits --filter; `skiff bench{} --list --full` shows all",
                                 is_linux ? " linux" : ""));
  }
  if (arguments.has("--list")) return list(plans);
  check_bench_files(arguments);
  int signal_number = 0;
  const bench::Report report = bench_measure(arguments, plans, selection, signal_number);
  write_bench_files(arguments, report);
  print_all(bench::to_table(report));
  if (signal_number != 0) return exit_status::of_signal(signal_number);
  const bool has_numbers = std::ranges::any_of(
      report.cells, [](const bench::CellReport& cell) { return cell.has_numbers(); });
  return has_numbers ? 0 : exit_status::kHost;
}

constexpr CommandSpec kBenchSpec = {
    .name = "bench",
    .operands = "[linux | compare BEFORE AFTER]",
    .summary = "measure what virtio buys against emulated I/O, and why",
    .description =
        "Starts small guest programs in virtual machines that differ in one thing, such as how the "
        "guest sees its disk, and measures each: the time of a request, requests and bytes a "
        "second, exits per request by reason (to Skiff by its ledger, in the kernel by KVM's own "
        "counts), interrupts, and processor time by thread. A cell is named "
        "SUBJECT/MACHINE/REQUEST: disk/virtio-pci/memory/read-4096-d1.\n\n"
        "Each machine is started several times, each time anew, all of them in turn. The report "
        "has medians and how far the runs lay apart; a cell whose median time differs by more than "
        "10 % between runs is marked with ~. No Linux, no root and no network are needed.\n\n"
        "linux measures the same of a Linux guest and its drivers, on a host whose KVM runs Linux: "
        "disks by fio, network cards by packet sockets, by interrupt controller.\n\n"
        "compare prints what differs between two files of --json by more than their noise.\n\n"
        "What is measured and how is in docs/benchmark.md. Status 0; 121 where no cell could be "
        "measured; 130 or 143 after Ctrl-C or SIGTERM, with a report of what there was.",
    .options = kBenchOptions,
    .examples = kBenchExamples,
    .operand_completion = Completion::file,
    .most_operands = 3,
    .run = bench_main,
};

}  // namespace

const CommandSpec& bench_command() {
  return kBenchSpec;
}

}  // namespace skiff
