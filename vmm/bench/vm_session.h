// One start of one virtual machine, in which the guest measures its cells.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/bench/cell_run.h"
#include "vmm/bench/monitors.h"
#include "vmm/bench/stop_signals.h"

namespace skiff::bench {

struct SessionOptions {
  // The name of a Skiff's VM, whose control API tells the ledger; empty: another monitor.
  std::string vm_name{};
  std::vector<int> vcpu_cpus{};  // empty: nothing is pinned
  std::vector<int> other_cpus{};
  int kept_fd = -1;
  pid_t network_of = 0;  // the process in whose network namespace the monitor lives; 0: ours
  std::chrono::milliseconds patience = std::chrono::seconds(60);  // without a word of the guest
  // Not 0: of so many exits of the first vCPU the instructions are counted while it is measured.
  std::size_t counted_exits = 0;
  // A cell begins to be measured. May be empty.
  std::function<void(std::string_view cell)> on_cell{};
};

// A result for each of `cells`, with its trouble where there is no number. Stops early when a
// signal comes. Throws HostError where nothing can be started at all.
std::vector<CellRun> run_session(const Launch& launch, const std::vector<std::string>& cells,
                                 const SessionOptions& options, StopSignals& stop);

}  // namespace skiff::bench
