// A report as JSON (the schema is in docs/benchmark.md), and back. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vmm/bench/report.h"

namespace skiff::bench {

inline constexpr std::string_view kSchema = "skiff-bench-1";

// One object, ended by a newline.
std::string to_json(const Report& report);

// What `skiff bench compare` needs of it: names, monitors, metrics, host. Nothing, and `why`,
// where it is no such report.
std::optional<Report> parse_report(std::string_view text, std::string& why);

}  // namespace skiff::bench
