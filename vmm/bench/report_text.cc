#include "vmm/bench/report_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <span>

#include "vmm/bench/comparisons.h"

namespace skiff::bench {
namespace {

using Row = std::vector<std::string>;

constexpr std::size_t kWidth = 100;

// What is shown of each cell; all there is, is in JSON.
constexpr auto kColumns = std::to_array<Metric>({
    Metric::p50_ns,
    Metric::p99_ns,
    Metric::requests_per_second,
    Metric::megabytes_per_second,
    Metric::user_exits,
    Metric::kernel_exits,
    Metric::interrupts,
    Metric::vcpu_user_us,
    Metric::vcpu_kernel_us,
    Metric::io_us,
    Metric::other_us,
});

std::string value_text(const CellReport& cell, Metric metric) {
  const auto& stat = cell.metrics[metric];
  // The bytes of a doorbell are the width of its register.
  if (!stat || (metric == Metric::megabytes_per_second && cell.name.group == "doorbell"))
    return "-";
  const MetricSpec& spec = spec_of(metric);
  if (spec.unit == "ns") return time_text(stat->median);
  return number_text(stat->median);
}

std::string spread_text(const CellReport& cell) {
  const auto& p50 = cell.metrics[Metric::p50_ns];
  if (!p50) return "-";
  return fmt::format("{:.0f}%{}", p50->spread() * 100, cell.is_noisy() ? " ~" : "");
}

// A report that counted instructions has nothing else to show.
std::span<const Metric> columns_of(const Report& report) {
  static constexpr std::array kCounted = {Metric::instructions};
  const bool has_counted = std::ranges::any_of(report.cells, [](const CellReport& cell) {
    return cell.metrics[Metric::instructions].has_value();
  });
  return has_counted ? std::span<const Metric>(kCounted) : std::span<const Metric>(kColumns);
}

Row header(std::span<const Metric> columns) {
  Row row{"cell", "p50", "spread"};
  for (const Metric metric : columns) {
    if (metric != Metric::p50_ns) row.emplace_back(spec_of(metric).title);
  }
  return row;
}

Row row_of(const CellReport& cell, bool has_rivals, std::span<const Metric> columns) {
  std::string who = cell.name.setup + "/" + cell.name.cell;
  if (has_rivals) who += " " + cell.monitor;
  Row row{std::move(who), value_text(cell, Metric::p50_ns), spread_text(cell)};
  for (const Metric metric : columns) {
    if (metric != Metric::p50_ns) row.push_back(value_text(cell, metric));
  }
  return row;
}

void append(std::string& text, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    std::string line = fmt::format("{:<{}}", row.front(), widths.front());
    for (std::size_t i = 1; i < row.size(); ++i)
      fmt::format_to(std::back_inserter(line), "  {:>{}}", row[i], widths[i]);
    text += line + "\n";
  }
}

void append_group(std::string& text, const Report& report, std::string_view group) {
  const bool has_rivals = std::ranges::any_of(
      report.cells, [](const CellReport& cell) { return cell.monitor != "skiff"; });
  const std::span<const Metric> columns = columns_of(report);
  std::vector<Row> rows{header(columns)};
  std::vector<std::string> skipped;
  for (const CellReport& cell : report.cells) {
    if (cell.name.group != group) continue;
    if (cell.has_numbers()) {
      rows.push_back(row_of(cell, has_rivals, columns));
    } else if (cell.is_skipped) {
      skipped.push_back(fmt::format("{}/{}{} not measured: {}", cell.name.setup, cell.name.cell,
                                    cell.monitor == "skiff" ? "" : " of " + cell.monitor,
                                    cell.trouble));
    }
  }
  if (rows.size() == 1 && skipped.empty()) return;
  text += fmt::format("\n{}\n", group);
  if (rows.size() > 1) append(text, rows);
  for (const std::string& line : skipped)
    text += "  " + line + "\n";
}

std::string title(const Report& report) {
  std::size_t runs = 0;
  for (const CellReport& cell : report.cells)
    runs = std::max(runs, cell.runs);
  return fmt::format("skiff bench, {}: {} cells, {} runs, {:.0f} s\n", report.selection,
                     report.cells.size(), runs, report.seconds);
}

}  // namespace

std::string number_text(double value) {
  if (!std::isfinite(value)) return "-";
  if (value == 0) return "0";
  const double size = std::abs(value);
  if (size < 0.001) return "~0";
  if (size < 1) return fmt::format("{:.3f}", value);
  if (size < 10) return fmt::format("{:.2f}", value);
  if (size < 100) return fmt::format("{:.1f}", value);
  std::string text = fmt::format("{:.0f}", value);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    if (text[at - 1] == '-') break;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string time_text(double ns) {
  if (!std::isfinite(ns)) return "-";
  if (ns < 1000) return fmt::format("{:.0f} ns", ns);
  if (ns < 1e6) return number_text(ns / 1e3) + " us";
  if (ns < 1e9) return number_text(ns / 1e6) + " ms";
  return number_text(ns / 1e9) + " s";
}

std::string wrapped(const std::string& text, std::size_t width, const std::string& indent) {
  std::string result;
  std::string line;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto space = rest.find(' ');
    const std::string_view word = rest.substr(0, space);
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
    if (!line.empty() && line.size() + 1 + word.size() > width) {
      result += line + "\n";
      line = indent + std::string(word);
    } else {
      line += (line.empty() ? "" : " ") + std::string(word);
    }
  }
  return result + line + "\n";
}

std::string to_table(const Report& report) {
  std::string text = title(report);
  for (const auto& [name, value] : report.host)
    text += wrapped(fmt::format("  {:<18} {}", name, value), kWidth, std::string(21, ' '));
  for (const char* const group : {"doorbell", "disk", "net", "console"})
    append_group(text, report, group);
  const auto comparisons = compare_cells(report);
  if (!comparisons.empty()) text += "\nwhere the time went\n";
  for (const Comparison& comparison : comparisons)
    text += wrapped("- " + comparison.text, kWidth, "  ");
  std::vector<std::string> warnings = warnings_of(report);
  warnings.insert(warnings.begin(), report.notes.begin(), report.notes.end());
  if (!warnings.empty()) text += "\n";
  for (const std::string& warning : warnings)
    text += wrapped("note: " + warning, kWidth, "  ");
  return text;
}

}  // namespace skiff::bench
