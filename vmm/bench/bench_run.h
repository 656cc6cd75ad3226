// A whole bench: every planned machine, run after run, to a Report.
//
// Runs are interleaved (all machines once, then all again), so that a minute in which the host was
// busy falls on every cell and not on one. Each start is a fresh process.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vmm/bench/matrix.h"
#include "vmm/bench/monitors.h"
#include "vmm/bench/report.h"
#include "vmm/bench/stop_signals.h"

namespace skiff::bench {

struct BenchProgress {
  std::size_t cell = 0;  // counts from 1, over all runs
  std::size_t cells = 0;
  std::size_t run = 0;  // likewise
  std::size_t runs = 0;
  std::string name;  // of the cell
  std::chrono::seconds elapsed{0};
};

struct BenchOptions {
  std::vector<VmPlan> plans;
  std::size_t runs = 10;
  std::vector<Rival> rivals{};
  std::string skiff;     // the program
  std::string guests;    // folder of the guest programs
  std::string kernel{};  // of plans that run Linux, and its initramfs
  std::string initramfs{};
  std::string scratch;  // where files may be made; they are removed
  bool is_pinned = true;
  bool coalesces = false;  // this host's KVM collects writes
  // Instructions of the vCPU's thread are counted, and nothing is timed.
  bool counts_instructions = false;
  std::chrono::seconds patience{60};             // with a guest that says nothing
  std::optional<std::chrono::seconds> budget{};  // no run is begun that would end after it
  std::function<void(const BenchProgress&)> on_progress{};
};

// The report has no version, date or selection yet. A machine that cannot run is trouble of its
// cells. Throws HostError where nothing can.
Report run_bench(const BenchOptions& options, StopSignals& stop);

}  // namespace skiff::bench
