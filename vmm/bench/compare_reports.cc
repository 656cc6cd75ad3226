#include "vmm/bench/compare_reports.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "vmm/bench/report_text.h"

namespace skiff::bench {
namespace {

constexpr double kLeastShare = 0.02;
// Below this a number per request is the odd interrupt of the host.
constexpr double kLeastCount = 0.01;

Verdict verdict_of(const MetricSpec& spec, const Stat& before, const Stat& after) {
  if (!differ(before, after)) return Verdict::noise;
  if (std::max(std::abs(before.median), std::abs(after.median)) < kLeastCount) {
    return Verdict::noise;
  }
  const double change = after.median - before.median;
  if (std::abs(change) < kLeastShare * std::abs(before.median)) return Verdict::noise;
  return (change > 0) == spec.more_is_better ? Verdict::better : Verdict::worse;
}

std::string value_of(Metric metric, double value) {
  return spec_of(metric).unit == "ns" ? time_text(value) : number_text(value);
}

std::string range_of(Metric metric, const Stat& stat) {
  return fmt::format("{} ({} to {})", value_of(metric, stat.median), value_of(metric, stat.least),
                     value_of(metric, stat.most));
}

std::string line_of(const Change& change) {
  const std::string share =
      change.before.median == 0 ? "new" : fmt::format("{:+.1f} %", change.share() * 100);
  return fmt::format("  {:<8} {}{}  {}: {} -> {}\n", share, change.id,
                     change.monitor == "skiff" ? "" : " " + change.monitor,
                     spec_of(change.metric).title, range_of(change.metric, change.before),
                     range_of(change.metric, change.after));
}

void append(std::string& text, std::string_view title, const std::vector<Change>& changes,
            Verdict verdict) {
  std::string lines;
  for (const Change& change : changes) {
    if (change.verdict == verdict) lines += line_of(change);
  }
  if (!lines.empty()) text += fmt::format("\n{}\n{}", title, lines);
}

std::string hosts_text(const Report& before, const Report& after) {
  std::string text;
  for (const auto& [name, value] : before.host) {
    if (name.starts_with("load")) continue;
    for (const auto& [other, now] : after.host) {
      if (other == name && now != value) {
        text += fmt::format("note: {} was \"{}\", now \"{}\"\n", name, value, now);
      }
    }
  }
  return text;
}

// Cells with numbers in `one` that `other` has not.
std::size_t count_missing(const Report& one, const Report& other) {
  return static_cast<std::size_t>(
      std::ranges::count_if(one.cells, [&other](const CellReport& cell) {
        const CellReport* const found = other.find(cell.name.id(), cell.monitor);
        return cell.has_numbers() && (found == nullptr || !found->has_numbers());
      }));
}

}  // namespace

std::vector<Change> changes_of(const Report& before, const Report& after) {
  std::vector<Change> changes;
  for (const CellReport& cell : after.cells) {
    const CellReport* const was = before.find(cell.name.id(), cell.monitor);
    if (was == nullptr) continue;
    for (const MetricSpec& spec : metric_specs()) {
      const auto& old_stat = was->metrics[spec.metric];
      const auto& new_stat = cell.metrics[spec.metric];
      if (!spec.is_judged || !old_stat || !new_stat) continue;
      const Verdict verdict = verdict_of(spec, *old_stat, *new_stat);
      if (verdict == Verdict::noise) continue;
      changes.push_back({.id = cell.name.id(),
                         .monitor = cell.monitor,
                         .metric = spec.metric,
                         .before = *old_stat,
                         .after = *new_stat,
                         .verdict = verdict});
    }
  }
  std::ranges::sort(changes, std::greater<>(),
                    [](const Change& change) { return std::abs(change.share()); });
  return changes;
}

std::string compare_reports_text(const Report& before, const Report& after) {
  std::size_t common = 0;
  for (const CellReport& cell : after.cells) {
    const CellReport* const was = before.find(cell.name.id(), cell.monitor);
    if (cell.has_numbers() && was != nullptr && was->has_numbers()) ++common;
  }
  const auto changes = changes_of(before, after);
  std::string text =
      fmt::format("before: {}, {} runs; after: {}, {} runs; {} cells in both\n", before.started,
                  before.wanted_runs, after.started, after.wanted_runs, common);
  append(text, "worse", changes, Verdict::worse);
  append(text, "better", changes, Verdict::better);
  if (changes.empty()) text += "no number differs by more than the runs do among themselves\n";
  text += changes.empty() ? "" : "\n";
  text += hosts_text(before, after);
  if (const auto gone = count_missing(before, after); gone != 0) {
    text += fmt::format("note: {} cells have numbers only before\n", gone);
  }
  if (const auto fresh = count_missing(after, before); fresh != 0) {
    text += fmt::format("note: {} cells have numbers only after\n", fresh);
  }
  if (before.wanted_runs < 3 || after.wanted_runs < 3) {
    text += "note: fewer than three runs show no noise\n";
  }
  return text;
}

}  // namespace skiff::bench
