// What a bench found out: plain data that the table, the JSON file and the HTML page are written
// from, and that `skiff bench compare` reads back.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vmm/bench/figures.h"
#include "vmm/bench/statistics.h"

namespace skiff::bench {

// More than this share between the runs' least and greatest p50 is said in the report.
inline constexpr double kNoisySpread = 0.10;

// "disk/virtio-pci,packed/memory/read-4096-d1": the subject, the machine, the cell.
struct CellName {
  std::string group;  // "doorbell", "disk", "net", "console"
  std::string setup;  // "virtio-pci,packed/memory": how the virtual machine is made
  std::string cell;   // "read-4096-d1", the guest's own name

  std::string id() const { return group + "/" + setup + "/" + cell; }
  friend bool operator==(const CellName&, const CellName&) = default;
};

struct CellReport {
  CellName name;
  std::string monitor = "skiff";  // or "qemu"
  std::string trouble{};          // not empty: there are no numbers, and why
  bool is_skipped = false;        // it was not possible; else, with `trouble`, it failed
  std::size_t runs = 0;
  std::uint64_t requests = 0;  // of the run that measured fewest
  std::uint64_t failed = 0;    // requests, of all runs
  PerMetric<Stat> metrics{};
  // Medians over the runs.
  std::vector<ExitRate> exits{};
  std::vector<KvmRate> kvm{};
  std::vector<ThreadRate> threads{};
  // Of all runs together. [ns]
  std::vector<std::pair<double, std::uint64_t>> latency{};

  bool has_numbers() const { return runs != 0; }
  bool is_noisy() const;
  double value(Metric metric) const;  // the median; 0 where there is none
};

// Facts of the host, each a name and a text: "CPU", "kernel", "mitigations", ...
using HostFacts = std::vector<std::pair<std::string, std::string>>;

struct Report {
  std::string skiff_version;
  std::string started;  // UTC
  double seconds = 0;
  std::string selection;  // "default", "quick", "full"
  std::size_t wanted_runs = 0;
  bool is_partial = false;  // stopped before its end
  HostFacts host{};
  std::vector<std::string> notes{};  // about the whole, for people
  std::vector<CellReport> cells{};

  const CellReport* find(std::string_view id, std::string_view monitor = "skiff") const;
};

// One cell of all its runs. Runs with `trouble` count where there is nothing else.
CellReport make_cell_report(CellName name, std::string monitor, const std::vector<CellRun>& runs);

// Sentences on what the reader must know before believing numbers: cells that are noisy, that
// failed, that lost requests.
std::vector<std::string> warnings_of(const Report& report);

}  // namespace skiff::bench
