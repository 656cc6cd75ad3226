#include "vmm/bench/bench_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>

#include "vmm/base/error.h"
#include "vmm/bench/host_facts.h"
#include "vmm/bench/net_partner.h"
#include "vmm/bench/scratch_folder.h"
#include "vmm/bench/vm_session.h"

namespace skiff::bench {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kCountedExits = 64;
constexpr const char* kRivalConfig = "vm.json";

// One planned machine under one monitor; a null `rival` is Skiff.
struct Contender {
  const VmPlan* plan = nullptr;
  const Rival* rival = nullptr;
  std::map<std::string, std::vector<CellRun>> runs{};  // by cell
};

class Bench {
 public:
  Bench(const BenchOptions& options, StopSignals& stop)
      : options_(options), stop_(stop), scratch_(options.scratch), cpus_(allowed_cpus()) {
    // Where the control client looks for the VMs; a process's environment is its own.
    ::setenv("XDG_RUNTIME_DIR", scratch_.path().c_str(), 1);
    for (const VmPlan& plan : options.plans) {
      contenders_.push_back({.plan = &plan});
      for (const Rival& rival : options.rivals)
        contenders_.push_back({.plan = &plan, .rival = &rival});
    }
  }

  Report run() {
    make_images();
    std::size_t run = 0;
    auto longest = steady_clock::duration::zero();
    for (; run < options_.runs && stop_.received() == 0; ++run) {
      const auto began = steady_clock::now();
      if (run != 0 && is_over_budget(began + longest)) break;
      for (Contender& contender : contenders_) {
        if (stop_.received() != 0) break;
        run_once(contender, run);
      }
      longest = std::max(longest, steady_clock::now() - began);
    }
    return report(run);
  }

 private:
  bool is_over_budget(steady_clock::time_point end) const {
    return options_.budget && end > began_ + *options_.budget;
  }

  // A file on a disk for "file"; for the others' "memory" one in memory.
  void make_images() {
    const auto uses = [this](std::string_view backend) {
      return std::ranges::any_of(options_.plans, [backend](const VmPlan& plan) {
        return plan.disk != nullptr && plan.backend == backend;
      });
    };
    if (uses("file")) scratch_.write_image("disk.img", kDiskSize);
    if (uses("memory") && !options_.rivals.empty()) {
      memory_ = std::make_unique<ScratchFolder>("/dev/shm");
      memory_->write_image("disk.img", kDiskSize);
    }
  }

  VmPlaces places_of(const VmPlan& plan) const {
    VmPlaces places{.guests = options_.guests,
                    .kernel = options_.kernel,
                    .initramfs = options_.initramfs,
                    .coalesces = options_.coalesces,
                    .config = scratch_.file(kRivalConfig)};
    if (plan.backend == "file") places.image = scratch_.file("disk.img");
    if (plan.backend == "memory" && memory_ != nullptr) places.image = memory_->file("disk.img");
    places.is_direct = !places.image.empty() && takes_direct(places.image);
    return places;
  }

  void run_once(Contender& contender, std::size_t run) {
    const VmPlan& plan = *contender.plan;
    VmPlaces places = places_of(plan);
    SessionOptions session;
    session.patience = options_.patience;
    if (options_.is_pinned) {
      const Pinning pinning = pinning_of(cpus_, plan.vcpus);
      session.vcpu_cpus = pinning.vcpus;
      session.other_cpus = pinning.others;
    }
    // For this start alone: nothing of one run's traffic is left for the next.
    std::unique_ptr<NetPartner> partner;
    if (plan.net != nullptr) {
      try {
        partner = std::make_unique<NetPartner>(session.other_cpus);
      } catch (const Error& error) {
        return skip(contender, error.what());
      }
      places.tap = session.kept_fd = partner->tap();
    }
    const Launched launch = launch_of(contender, places, session);
    if (!launch) return skip(contender, launch.error());
    if (launch->opens_tap && partner != nullptr) {
      partner->leave_tap();
      session.kept_fd = -1;
      session.network_of = partner->pid();
    }
    if (options_.counts_instructions) session.counted_exits = kCountedExits;
    session.on_cell = [this, &plan, run](std::string_view cell) { tell(plan, run, cell); };
    keep(contender, start(*launch, plan, session));
  }

  Launched launch_of(const Contender& contender, const VmPlaces& places, SessionOptions& session) {
    const VmPlan& plan = *contender.plan;
    if (contender.rival == nullptr) {
      const std::string cmdline = skiff_guest_cmdline(plan, places);
      session.vm_name = fmt::format("b{}", ++started_);
      scratch_.write("vm.toml", config_text(plan, places, cmdline));
      return skiff_launch(options_.skiff, scratch_.file("vm.toml"), session.vm_name,
                          scratch_.path());
    }
    Launched launch = rival_launch(*contender.rival, plan, places, guest_cmdline(plan));
    if (launch && !launch->config.empty()) scratch_.write(kRivalConfig, launch->config);
    return launch;
  }

  std::vector<CellRun> start(const Launch& launch, const VmPlan& plan,
                             const SessionOptions& session) {
    try {
      return run_session(launch, plan.cells, session, stop_);
    } catch (const Error& error) {
      std::vector<CellRun> runs;
      for (const std::string& cell : plan.cells)
        runs.push_back({.cell = cell, .trouble = error.what()});
      return runs;
    }
  }

  void skip(Contender& contender, const std::string& why) {
    for (const std::string& cell : contender.plan->cells) {
      contender.runs[cell] = {{.cell = cell, .trouble = why, .is_skipped = true}};
    }
  }

  // What was only stopped is no failure.
  void keep(Contender& contender, std::vector<CellRun> runs) {
    for (CellRun& run : runs) {
      if (run.has_numbers() || stop_.received() == 0) {
        contender.runs[run.cell].push_back(std::move(run));
      }
    }
  }

  void tell(const VmPlan& plan, std::size_t run, std::string_view cell) {
    ++measured_;
    if (!options_.on_progress) return;
    const auto elapsed = steady_clock::now() - began_;
    options_.on_progress(
        {.cell = measured_,
         .cells = cells_of(options_.plans) * (options_.rivals.size() + 1) * options_.runs,
         .run = run + 1,
         .runs = options_.runs,
         .name = plan.name_of(std::string(cell)).id(),
         .elapsed = std::chrono::duration_cast<std::chrono::seconds>(elapsed)});
  }

  Report report(std::size_t runs) const {
    Report report{.skiff_version = {}, .started = {}, .selection = {}};
    report.seconds = std::chrono::duration<double>(steady_clock::now() - began_).count();
    report.wanted_runs = options_.runs;
    report.is_partial = stop_.received() != 0;
    report.host = facts_;
    report.host.emplace_back(
        "pinning", options_.is_pinned ? to_text(pinning_of(cpus_, 1)) : to_text(Pinning{}));
    if (!options_.kernel.empty()) report.host.emplace_back("guest", "Linux, " + options_.kernel);
    if (runs < options_.runs && !report.is_partial) {
      report.notes.push_back(fmt::format("{} of {} runs: the time was up", runs, options_.runs));
    }
    for (const Contender& contender : contenders_) {
      for (const std::string& cell : contender.plan->cells) {
        const auto found = contender.runs.find(cell);
        if (found == contender.runs.end()) continue;
        report.cells.push_back(make_cell_report(
            contender.plan->name_of(cell),
            contender.rival == nullptr ? "skiff" : contender.rival->name, found->second));
      }
    }
    return report;
  }

  const BenchOptions& options_;
  StopSignals& stop_;
  const steady_clock::time_point began_ = steady_clock::now();
  const ScratchFolder scratch_;
  std::unique_ptr<ScratchFolder> memory_;
  const std::vector<int> cpus_;
  const HostFacts facts_ = host_facts();
  std::vector<Contender> contenders_;
  std::size_t started_ = 0;
  std::size_t measured_ = 0;
};

}  // namespace

Report run_bench(const BenchOptions& options, StopSignals& stop) {
  return Bench(options, stop).run();
}

}  // namespace skiff::bench
