// The three charts of the HTML page, as SVG that stands in the page: horizontal bars, stacked bars,
// and strips that show where on a logarithmic scale of time the requests lie. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skiff::bench {

// Text as HTML and XML have it.
std::string escape_html(std::string_view text);

struct Bar {
  std::string label;
  double value = 0;
  double least = 0;  // of the runs: a thin line from here
  double most = 0;   // to there
  std::string text;  // behind the bar
};
std::string bar_chart(const std::string& title, const std::vector<Bar>& bars);

struct StackedBar {
  std::string label;
  std::vector<std::pair<std::string, double>> parts{};  // same name, same colour
  std::string text{};
};
// With a legend. The eight largest parts of the chart have colours, the others are one.
std::string stacked_chart(const std::string& title, const std::vector<StackedBar>& bars);

struct Strip {
  std::string label;
  std::vector<std::pair<double, std::uint64_t>> buckets{};  // [ns], ascending
  double p50 = 0;
  double p99 = 0;
  std::string text{};
};
std::string strip_chart(const std::string& title, const std::vector<Strip>& strips);

}  // namespace skiff::bench
