// What the numbers of a report say when they are put side by side, in words: which is faster, and
// where the difference went. Pure; every sentence is made from the report's own numbers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vmm/bench/report.h"

namespace skiff::bench {

struct Comparison {
  std::string title;   // "ide,pio against virtio-pci"
  std::string text{};  // a paragraph
  // Of the cells it speaks of, first the one that is compared, then what it is compared with.
  std::vector<std::string> ids{};
};

// In the order of the matrix; only those whose cells were measured.
std::vector<Comparison> compare_cells(const Report& report);

// By which cells are compared: the median time of a request where one is under way at a time, and
// throughput where many are.
Metric telling_metric(const CellName& name);
// By it, the time a request takes or from one completed request to the next. [ns]
double ns_per_request(const CellReport& cell);
// Processor time of all threads for a request. [us]
double cpu_us(const CellReport& cell);
// What one exit to Skiff costs here, from the doorbell cell that does nothing else. [ns]
std::optional<double> exit_cost_ns(const Report& report);
// "4 KiB reads, 32 at once": a cell's name in words.
std::string cell_words(const std::string& cell);
// The rows that make most of the exits: "8.0 ide0.DATA reads, 1.0 ide0.STATUS read".
std::string exits_words(const CellReport& cell);

}  // namespace skiff::bench
