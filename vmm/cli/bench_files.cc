#include "vmm/cli/bench_files.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "vmm/base/error.h"
#include "vmm/bench/html_report.h"
#include "vmm/bench/report_json.h"
#include "vmm/cli/command_line.h"

namespace skiff {
namespace {

constexpr std::size_t kMostReport = 64 << 20;  // [bytes]

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (!file.flush()) throw HostError("cannot write " + path);
}

}  // namespace

void check_bench_files(const Arguments& arguments) {
  for (const char* const option : {"--json", "--html"}) {
    const auto path = arguments.last(option);
    if (!path) continue;
    std::ofstream file(*path, std::ios::binary | std::ios::app);
    if (!file) throw UsageError(fmt::format("{} {}: cannot be written", option, *path));
  }
}

void write_bench_files(const Arguments& arguments, const bench::Report& report) {
  if (const auto path = arguments.last("--json")) write_file(*path, bench::to_json(report));
  if (const auto path = arguments.last("--html")) write_file(*path, bench::to_html(report));
}

bench::Report read_bench_report(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UsageError(path + ": cannot be read");
  std::string text(std::istreambuf_iterator<char>(file), {});
  std::string why;
  auto report = text.size() > kMostReport ? std::nullopt : bench::parse_report(text, why);
  if (!report) throw UsageError(path + " " + (why.empty() ? "is too large" : why));
  return *std::move(report);
}

}  // namespace skiff
