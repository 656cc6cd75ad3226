// A report for people, in a terminal. Pure.
#pragma once

#include <string>

#include "vmm/bench/report.h"

namespace skiff::bench {

// The host, a table for each subject, what the comparisons say, warnings.
std::string to_table(const Report& report);

// Three significant digits: "0.031", "4.20", "127", "15,300".
std::string number_text(double value);
// A time with its unit: "840 ns", "12.3 us", "1.20 ms".
std::string time_text(double ns);
// Lines of at most `width` characters, broken at spaces, each after the first begun by `indent`.
std::string wrapped(const std::string& text, std::size_t width, const std::string& indent);

}  // namespace skiff::bench
