#include "vmm/cli/vm_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <vector>

#include "vmm/control/api/vm_json.h"
#include "vmm/machine/size_text.h"

namespace skiff {
namespace {

using Row = std::array<std::string, 8>;
constexpr std::array<bool, 8> kRightAligned = {false, true, false, true, true, true, true, true};

std::string percent(std::uint64_t part_ns, std::chrono::nanoseconds whole) {
  if (whole.count() <= 0) return "-";
  return fmt::format("{:.1f}",
                     100.0 * static_cast<double>(part_ns) / static_cast<double>(whole.count()));
}

std::string rate(std::uint64_t count, std::chrono::nanoseconds time) {
  if (time.count() <= 0) return "-";
  return fmt::format("{:.0f}",
                     static_cast<double>(count) * 1e9 / static_cast<double>(time.count()));
}

Row row_of(const SurveyedVm& vm, std::chrono::system_clock::time_point now) {
  Row row = {vm.name, "-", std::string(state_word(vm)), "-", "-", "-", "-", "-"};
  if (!vm.info) return row;
  const VmInfo& info = *vm.info;
  row[3] = std::to_string(info.vcpus);
  row[4] = format_size(info.memory);
  row[5] = duration_text(info.uptime);
  row[6] = percent(info.cpu_ns, info.ended.value_or(now) - info.started);
  row[7] = rate(info.exits, info.uptime);
  if (vm.life == VmLife::live) row[1] = std::to_string(info.pid);
  if (info.exit_status) row[2] += fmt::format(" ({})", *info.exit_status);
  return row;
}

}  // namespace

std::string_view state_word(const SurveyedVm& vm) {
  if (vm.life == VmLife::crashed) return "crashed";
  if (!vm.info) return vm.life == VmLife::ended ? "ended" : "unresponsive";
  return to_text(vm.info->state);
}

std::string duration_text(std::chrono::nanoseconds time) {
  const auto s = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  if (s < 86400) return fmt::format("{}h{:02}m", s / 3600, s / 60 % 60);
  return fmt::format("{}d{:02}h", s / 86400, s / 3600 % 24);
}

std::string vm_table(std::span<const SurveyedVm> vms, std::chrono::system_clock::time_point now) {
  std::vector<Row> rows = {
      {"NAME", "PID", "STATE", "VCPUS", "MEMORY", "UPTIME", "CPU%", "EXITS/S"}};
  for (const SurveyedVm& vm : vms)
    rows.push_back(row_of(vm, now));
  std::array<std::size_t, 8> widths{};
  for (const Row& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], row[column].size());
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      line += kRightAligned[column] ? fmt::format("{:>{}}", row[column], widths[column])
                                    : fmt::format("{:<{}}", row[column], widths[column]);
      line += column + 1 < row.size() ? "  " : "\n";
    }
    out += line;
  }
  return out;
}

std::string vm_list_json(std::span<const SurveyedVm> vms) {
  std::string out = "[";
  for (const SurveyedVm& vm : vms) {
    if (out.size() > 1) out += ",";
    // Names are letters, digits and a few marks: nothing to be escaped.
    std::string one = vm.info
                          ? to_json(*vm.info)
                          : fmt::format(R"({{"name":"{}","state":"{}"}})", vm.name, state_word(vm));
    if (one.ends_with('\n')) one.pop_back();
    out += "\n" + one;
  }
  return out + "\n]\n";
}

}  // namespace skiff
