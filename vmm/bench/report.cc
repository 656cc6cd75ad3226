#include "vmm/bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

namespace skiff::bench {
namespace {

// The rows of all runs that `key` gives the same text, in the order they first came.
template <typename Row>
std::vector<std::vector<Row>> rows_by(const std::vector<Figures>& runs,
                                      std::vector<Row> Figures::* list,
                                      const std::function<std::string(const Row&)>& key) {
  std::vector<std::vector<Row>> grouped;
  std::map<std::string, std::size_t> places;
  for (const Figures& run : runs) {
    for (const Row& row : run.*list) {
      const auto [place, is_new] = places.try_emplace(key(row), grouped.size());
      if (is_new) grouped.emplace_back();
      grouped[place->second].push_back(row);
    }
  }
  return grouped;
}

// The median over `runs` runs; a run without the row has 0.
template <typename Row>
double median_over(const std::vector<Row>& rows, double Row::* number, std::size_t runs) {
  std::vector<double> values(runs - std::min(runs, rows.size()), 0.0);
  for (const Row& row : rows)
    values.push_back(row.*number);
  return median_of(std::move(values));
}

std::vector<ExitRate> exits_of(const std::vector<Figures>& runs) {
  std::vector<ExitRate> exits;
  for (const auto& rows : rows_by<ExitRate>(runs, &Figures::exits, [](const ExitRate& row) {
         return row.reason + '\n' + row.device + '\n' + row.reg + '\n' + row.direction;
       })) {
    ExitRate rate = rows.front();
    rate.per_request = median_over(rows, &ExitRate::per_request, runs.size());
    rate.ns = median_over(rows, &ExitRate::ns, rows.size());
    exits.push_back(std::move(rate));
  }
  std::ranges::sort(exits, std::greater<>(), &ExitRate::per_request);
  return exits;
}

std::vector<KvmRate> kvm_of(const std::vector<Figures>& runs) {
  std::vector<KvmRate> kvm;
  for (const auto& rows :
       rows_by<KvmRate>(runs, &Figures::kvm, [](const KvmRate& row) { return row.name; })) {
    kvm.push_back({.name = rows.front().name,
                   .per_request = median_over(rows, &KvmRate::per_request, runs.size())});
  }
  return kvm;
}

std::vector<ThreadRate> threads_of(const std::vector<Figures>& runs) {
  std::vector<ThreadRate> threads;
  for (const auto& rows : rows_by<ThreadRate>(runs, &Figures::threads,
                                              [](const ThreadRate& row) { return row.name; })) {
    threads.push_back({.name = rows.front().name,
                       .user_us = median_over(rows, &ThreadRate::user_us, runs.size()),
                       .kernel_us = median_over(rows, &ThreadRate::kernel_us, runs.size())});
  }
  return threads;
}

PerMetric<Stat> stats_of(const std::vector<Figures>& runs) {
  PerMetric<Stat> stats;
  for (const MetricSpec& spec : metric_specs()) {
    std::vector<double> values;
    for (const Figures& run : runs) {
      if (const auto& value = run.metrics[spec.metric]) values.push_back(*value);
    }
    if (!values.empty()) stats[spec.metric] = stat_of(values);
  }
  return stats;
}

std::vector<std::pair<double, std::uint64_t>> latency_of(const std::vector<CellRun>& runs) {
  std::map<std::uint64_t, std::uint64_t> buckets;
  std::uint64_t tsc_khz = 0;
  for (const CellRun& run : runs) {
    if (run.tsc_khz != 0) tsc_khz = run.tsc_khz;
    for (const LatencyBucket& bucket : run.histogram)
      buckets[bucket.lower] += bucket.count;
  }
  std::vector<std::pair<double, std::uint64_t>> latency;
  for (const auto& [lower, count] : buckets)
    latency.emplace_back(ns_of_cycles(lower, tsc_khz), count);
  return latency;
}

}  // namespace

bool CellReport::is_noisy() const {
  const auto& p50 = metrics[Metric::p50_ns];
  return p50 && p50->spread() > kNoisySpread;
}

double CellReport::value(Metric metric) const {
  const auto& stat = metrics[metric];
  return stat ? stat->median : 0;
}

const CellReport* Report::find(std::string_view id, std::string_view monitor) const {
  const auto found = std::ranges::find_if(cells, [&](const CellReport& cell) {
    return cell.monitor == monitor && cell.name.id() == id;
  });
  return found == cells.end() ? nullptr : &*found;
}

CellReport make_cell_report(CellName name, std::string monitor, const std::vector<CellRun>& runs) {
  CellReport report{.name = std::move(name), .monitor = std::move(monitor)};
  std::vector<CellRun> good;
  for (const CellRun& run : runs) {
    if (run.has_numbers()) {
      good.push_back(run);
    } else {
      report.trouble = run.trouble;
      report.is_skipped = run.is_skipped;
    }
  }
  std::vector<Figures> figures;
  const bool measures_com1 =
      report.name.group == "console" && report.name.setup != "virtio-console";
  for (const CellRun& run : good) {
    figures.push_back(figures_of(run, measures_com1));
    report.failed += run.done.failed;
  }
  if (good.empty()) return report;
  report.runs = good.size();
  report.requests = std::ranges::min(good, {}, [](const CellRun& run) {
                      return run.done.requests;
                    }).done.requests;
  report.metrics = stats_of(figures);
  report.exits = exits_of(figures);
  report.kvm = kvm_of(figures);
  report.threads = threads_of(figures);
  report.latency = latency_of(good);
  return report;
}

std::vector<std::string> warnings_of(const Report& report) {
  std::vector<std::string> warnings;
  if (report.is_partial) {
    warnings.emplace_back("stopped before its end: cells have fewer runs than were asked for");
  }
  std::size_t noisy = 0;
  for (const CellReport& cell : report.cells) {
    const std::string who = cell.name.id() + (cell.monitor == "skiff" ? "" : " of " + cell.monitor);
    if (cell.is_noisy()) ++noisy;
    if (!cell.trouble.empty() && !cell.is_skipped) {
      warnings.push_back(cell.has_numbers() ? fmt::format("{}: a run failed: {}", who, cell.trouble)
                                            : fmt::format("{} failed: {}", who, cell.trouble));
    }
    if (cell.failed != 0) {
      warnings.push_back(
          fmt::format("{}: {} requests were answered with an error", who, cell.failed));
    }
  }
  if (noisy != 0) {
    warnings.push_back(fmt::format(
        "{} of {} cells (marked ~) have a p50 that differs by more than {:.0f} % between runs: the "
        "machine was not idle, or the cell is not steady",
        noisy, report.cells.size(), kNoisySpread * 100));
  }
  return warnings;
}

}  // namespace skiff::bench
