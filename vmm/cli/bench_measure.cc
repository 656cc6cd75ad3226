#include "vmm/cli/bench_measure.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include "vmm/base/error.h"
#include "vmm/bench/bench_run.h"
#include "vmm/bench/stop_signals.h"
#include "vmm/cli/bench_linux.h"
#include "vmm/cli/bench_progress.h"
#include "vmm/cli/bench_rivals.h"
#include "vmm/cli/command_line.h"
#include "vmm/cli/number_option.h"
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
constexpr std::int64_t kPatience = 60;        // [s]
constexpr std::int64_t kLinuxPatience = 120;  // [s]
constexpr std::int64_t kMostPatience = 3600;  // [s]

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

}  // namespace

bench::Report bench_measure(const Arguments& arguments, const std::vector<bench::VmPlan>& plans,
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

}  // namespace skiff
