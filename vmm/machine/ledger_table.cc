// The ledger as a table for people: text columns to the left, numbers to the right.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "vmm/machine/ledger_report.h"

namespace skiff {
namespace {

constexpr std::size_t kNumbers = 9;   // count, %exits, %time, min, mean, p50, p99, max, exits/s
constexpr std::size_t kMaxText = 40;  // a longer name of a device or register is cut

using Line = std::vector<std::string>;

// 1234567 -> "1,234,567"
std::string grouped(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  return fmt::format("{:.1f}%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string rate(double per_second) {
  if (per_second < 10) return fmt::format("{:.2f}", per_second);
  // By hand: std::lround would make start-up load libm. Never negative, far below 2^53.
  // NOLINTNEXTLINE(bugprone-incorrect-roundings)
  return grouped(static_cast<std::uint64_t>(per_second + 0.5));
}

void append_numbers(Line& line, const LedgerReport& report, const ExitSummary& exits) {
  line.push_back(grouped(exits.count));
  line.push_back(percent(exits.count, report.total.count));
  line.push_back(percent(exits.total_ns, report.total.total_ns));
  line.push_back(grouped(exits.min_ns));
  line.push_back(grouped(exits.mean_ns()));
  line.push_back(grouped(exits.quantile_ns(0.5)));
  line.push_back(grouped(exits.quantile_ns(0.99)));
  line.push_back(grouped(exits.max_ns));
  line.push_back(rate(report.per_second(exits.count)));
}

Line header(std::initializer_list<std::string_view> texts) {
  Line line(texts.begin(), texts.end());
  for (const char* const name :
       {"count", "%exits", "%time", "min ns", "mean ns", "p50 ns", "p99 ns", "max ns", "exits/s"}) {
    line.emplace_back(name);
  }
  return line;
}

void append_table(std::string& text, std::vector<Line> lines) {
  std::vector<std::size_t> widths(lines.front().size(), 0);
  for (Line& line : lines) {
    for (std::size_t column = 0; column < line.size(); ++column) {
      if (line[column].size() > kMaxText) line[column].resize(kMaxText);
      widths[column] = std::max(widths[column], line[column].size());
    }
  }
  const std::size_t first_number = widths.size() - kNumbers;
  for (const Line& line : lines) {
    std::string out;
    for (std::size_t column = 0; column < line.size(); ++column) {
      if (column != 0) out += "  ";
      if (column < first_number) {
        fmt::format_to(std::back_inserter(out), "{:<{}}", line[column], widths[column]);
      } else {
        fmt::format_to(std::back_inserter(out), "{:>{}}", line[column], widths[column]);
      }
    }
    text += out + "\n";
  }
}

// Only what is not 0, each with its name behind it, as many as fit in a line.
void append_kvm_counts(std::string& text, const std::vector<KvmCount>& counts) {
  constexpr std::size_t kWidth = 100;
  std::string line = "counted by KVM:";
  for (const KvmCount& count : counts) {
    if (count.value == 0) continue;
    const std::string word = fmt::format(" {} {},", grouped(count.value), count.name);
    if (line.size() + word.size() > kWidth) {
      text += line + "\n";
      line = "  ";
    }
    line += word;
  }
  if (line.ends_with(',')) text += line.substr(0, line.size() - 1) + "\n";
}

void append_coalesced(std::string& text, const std::vector<LedgerReport::Coalesced>& rows) {
  if (rows.empty()) return;
  text += "\nwrites collected by KVM, which are no exits:";
  for (const LedgerReport::Coalesced& row : rows) {
    text += fmt::format("{} {} {}.{}", &row == rows.data() ? "" : ",", grouped(row.count),
                        row.device, row.reg);
  }
  text += "\n";
}

std::string direction(const LedgerReport::Register& row) {
  if (!row.has_direction) return "-";
  return row.is_write ? "W" : "R";
}

}  // namespace

std::string to_table(const LedgerReport& report) {
  const double seconds = std::chrono::duration<double>(report.elapsed).count();
  std::string text =
      fmt::format("{} exits in {:.3f} s, {:.3f} ms of it in Skiff\n", grouped(report.total.count),
                  seconds, static_cast<double>(report.total.total_ns) / 1e6);
  if (report.total.count == 0) return text;

  std::vector<Line> lines{header({"reason"})};
  for (const auto& reason : report.reasons) {
    Line line{std::string(reason_name(reason.reason, reason.is_catch_all))};
    append_numbers(line, report, reason.exits);
    lines.push_back(std::move(line));
  }
  text += "\n";
  append_table(text, std::move(lines));

  lines = {header({"reason", "device", "register", "R/W"})};
  for (const auto& row : report.registers) {
    Line line{std::string(reason_name(row.reason, row.is_catch_all)), row.device, row.reg,
              direction(row)};
    append_numbers(line, report, row.exits);
    lines.push_back(std::move(line));
  }
  text += "\n";
  append_table(text, std::move(lines));

  if (report.vcpus.size() > 1) {
    lines = {header({"vCPU"})};
    for (std::size_t id = 0; id < report.vcpus.size(); ++id) {
      Line line{std::to_string(id)};
      append_numbers(line, report, report.vcpus[id]);
      lines.push_back(std::move(line));
    }
    text += "\n";
    append_table(text, std::move(lines));
  }
  append_coalesced(text, report.coalesced);
  if (!report.kvm.empty()) {
    text += "\n";
    append_kvm_counts(text, report.kvm);
  }
  return text;
}

}  // namespace skiff
