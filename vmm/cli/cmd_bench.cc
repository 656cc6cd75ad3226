// `skiff bench`: virtio against emulated I/O, measured.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "vmm/base/error.h"
#include "vmm/base/exit_status.h"
#include "vmm/bench/bench_run.h"
#include "vmm/bench/compare_reports.h"
#include "vmm/bench/html_report.h"
#include "vmm/bench/matrix.h"
#include "vmm/bench/monitors.h"
#include "vmm/bench/report_json.h"
#include "vmm/bench/report_text.h"
#include "vmm/bench/stop_signals.h"
#include "vmm/cli/arguments.h"
#include "vmm/cli/bench_linux.h"
#include "vmm/cli/bench_progress.h"
#include "vmm/cli/bench_rivals.h"
#include "vmm/cli/command_line.h"
#include "vmm/cli/command_spec.h"
#include "vmm/cli/number_option.h"
#include "vmm/cli/print.h"
#include "vmm/cli/version.h"
#include "vmm/control/api/vm_json.h"
#include "vmm/kvm/kvm_system.h"

namespace skiff {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRuns = 10;
constexpr std::size_t kQuickRuns = 5;
constexpr std::size_t kMostRuns = 1000;
// `--quick` is done in a minute; what comes after the last run takes a moment too.
constexpr auto kQuickBudget = std::chrono::seconds(55);
// Of a guest without an operating system; a Linux boots first.
constexpr std::int64_t kPatience = 60;         // [s]
constexpr std::int64_t kLinuxPatience = 120;   // [s]
constexpr std::int64_t kMostPatience = 3600;   // [s]
constexpr std::size_t kMostReport = 64 << 20;  // [bytes]

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

std::string own_program() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) throw HostError("/proc/self/exe does not say where this program is");
  return program.string();
}

// The folder in which every program of the plans is.
std::string guests_of(const Arguments& arguments, const std::vector<bench::VmPlan>& plans) {
  const fs::path here = fs::path(own_program()).parent_path();
  std::vector<fs::path> folders = {here / "guest", here / ".." / "lib" / "skiff" / "guest"};
  if (const auto named = arguments.last("--guests")) folders = {fs::path(*named)};
  std::string missing;
  for (const fs::path& folder : folders) {
    missing.clear();
    for (const bench::VmPlan& plan : plans) {
      if (::access((folder / plan.program).c_str(), R_OK) != 0) missing = plan.program;
    }
    std::error_code error;
    if (missing.empty()) return fs::weakly_canonical(folder, error).string();
  }
  throw UsageError(
      fmt::format("the guest program {} is not in {}; `make install` puts it beside this "
                  "program, --guests names another folder",
                  missing, folders.back().lexically_normal().string()));
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (!file.flush()) throw HostError("cannot write " + path);
}

// Before minutes are spent on what then cannot be kept.
void check_writable(const Arguments& arguments) {
  for (const char* const option : {"--json", "--html"}) {
    const auto path = arguments.last(option);
    if (!path) continue;
    std::ofstream file(*path, std::ios::binary | std::ios::app);
    if (!file) throw UsageError(fmt::format("{} {}: cannot be written", option, *path));
  }
}

int list(const std::vector<bench::VmPlan>& plans) {
  std::string text;
  for (const bench::VmPlan& plan : plans) {
    for (const std::string& cell : plan.cells)
      text += plan.name_of(cell).id() + "\n";
  }
  return print_all(text);
}

bench::Report report_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UsageError(path + ": cannot be read");
  std::string text(std::istreambuf_iterator<char>(file), {});
  std::string why;
  auto report = text.size() > kMostReport ? std::nullopt : bench::parse_report(text, why);
  if (!report) throw UsageError(path + " " + (why.empty() ? "is too large" : why));
  return *std::move(report);
}

int compare(const Arguments& arguments) {
  if (arguments.operands.size() != 3) {
    throw UsageError("bench compare needs two reports: skiff bench compare BEFORE.json AFTER.json");
  }
  const bench::Report before = report_of(arguments.operands[1]);
  const bench::Report after = report_of(arguments.operands[2]);
  return print_all(bench::compare_reports_text(before, after));
}

bench::Report measure(const Arguments& arguments, const std::vector<bench::VmPlan>& plans,
                      const bench::Selection& selection, int& signal_number) {
  const bool is_linux = arguments.operand == "linux";
  bench::BenchOptions options{.plans = plans, .skiff = own_program(), .guests = {}, .scratch = {}};
  options.runs = number_option(arguments, "--runs", std::size_t{1}, kMostRuns)
                     .value_or(arguments.has("--quick") ? kQuickRuns : kRuns);
  options.patience =
      std::chrono::seconds(number_option(arguments, "--patience", std::int64_t{1}, kMostPatience)
                               .value_or(is_linux ? kLinuxPatience : kPatience));
  if (is_linux) {
    const BenchLinux linux_guest = bench_linux(arguments);
    options.kernel = linux_guest.kernel;
    options.initramfs = linux_guest.initramfs;
  } else {
    options.rivals = bench_rivals(arguments);
    options.guests = guests_of(arguments, plans);
  }
  options.scratch = arguments.last("--scratch").value_or("/var/tmp");
  options.is_pinned = !arguments.has("--no-pin");
  options.coalesces = KvmSystem().coalesced_page() != 0;
  options.counts_instructions = arguments.has("--instructions");
  if (arguments.has("--quick")) options.budget = kQuickBudget;
  BenchProgressLine line;
  options.on_progress = [&line](const bench::BenchProgress& progress) { line.show(progress); };
  const std::string started = to_text(std::chrono::system_clock::now());
  bench::StopSignals stop;
  bench::Report report = bench::run_bench(options, stop);
  line.clear();
  signal_number = stop.received();
  report.skiff_version = version();
  report.started = started;
  report.selection = selection.filters.empty() ? bench::to_text(selection.level) : "filtered";
  return report;
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
  check_writable(arguments);
  int signal_number = 0;
  const bench::Report report = measure(arguments, plans, selection, signal_number);
  if (const auto path = arguments.last("--json")) write_file(*path, bench::to_json(report));
  if (const auto path = arguments.last("--html")) write_file(*path, bench::to_html(report));
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
