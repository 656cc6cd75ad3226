#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "vmm/base/exit_status.h"
#include "vmm/cli/help_text.h"
#include "vmm/cli/host_probe.h"
#include "vmm/cli/print.h"

namespace skiff {
namespace {

using Grade = HostFinding::Grade;

constexpr std::size_t kNameWidth = 36;
constexpr std::size_t kReportWidth = 100;

std::string_view mark(Grade grade, bool utf8) {
  switch (grade) {
    case Grade::good:
      return utf8 ? "✓" : "ok";
    case Grade::missing:
      return utf8 ? "–" : "--";
    case Grade::blocking:
      return utf8 ? "✗" : "NO";
    case Grade::note:
      return utf8 ? "·" : "  ";
  }
  return "?";
}

std::string_view grade_name(Grade grade) {
  switch (grade) {
    case Grade::good:
      return "good";
    case Grade::missing:
      return "missing";
    case Grade::blocking:
      return "blocking";
    case Grade::note:
      return "note";
  }
  return "?";
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

// Is stdout a terminal that shows UTF-8? By the environment, since Skiff sets no locale.
bool stdout_shows_utf8() {
  if (::isatty(STDOUT_FILENO) != 1) return false;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view text = value;
    return text.find("UTF-8") != std::string_view::npos ||
           text.find("utf8") != std::string_view::npos;
  }
  return false;
}

}  // namespace

std::string host_report_table(const HostReport& report, bool utf8) {
  std::string out;
  std::string_view group;
  const std::size_t mark_width = utf8 ? 1 : 2;
  for (const HostFinding& finding : report.findings) {
    if (finding.group != group) {
      out += fmt::format("{}{}\n", out.empty() ? "" : "\n", finding.group);
      group = finding.group;
    }
    std::string text = finding.value;
    const bool needs_action = finding.grade == Grade::missing || finding.grade == Grade::blocking;
    if (!finding.advice.empty()) {
      text += needs_action ? ": " + finding.advice : fmt::format(" ({})", finding.advice);
    }
    const std::size_t indent = 2 + mark_width + 1 + kNameWidth;
    out += fmt::format("  {} {:<{}}{}\n", mark(finding.grade, utf8), finding.name, kNameWidth,
                       wrap(text, indent, kReportWidth));
  }
  out += report.usable() ? "\nThis host can run virtual machines.\n"
                         : "\nThis host cannot run virtual machines until the lines marked " +
                               std::string(mark(Grade::blocking, utf8)) + " are mended.\n";
  return out;
}

std::string host_report_json(const HostReport& report) {
  std::string out =
      fmt::format("{{\n  \"usable\": {},\n  \"findings\": [", report.usable() ? "true" : "false");
  bool first = true;
  for (const HostFinding& finding : report.findings) {
    out += fmt::format(
        "{}\n    {{\"group\": {}, \"name\": {}, \"grade\": \"{}\", \"value\": {}, \"advice\": {}}}",
        first ? "" : ",", json_string(finding.group), json_string(finding.name),
        grade_name(finding.grade), json_string(finding.value), json_string(finding.advice));
    first = false;
  }
  return out + "\n  ]\n}\n";
}

int check_host(bool json) {
  const HostReport report = probe_host();
  print_all(json ? host_report_json(report) : host_report_table(report, stdout_shows_utf8()));
  return report.usable() ? exit_status::kPoweredOff : exit_status::kHost;
}

}  // namespace skiff
