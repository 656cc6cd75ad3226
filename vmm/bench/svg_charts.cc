#include "vmm/bench/svg_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "vmm/bench/report_text.h"

namespace skiff::bench {
namespace {

// All in SVG's user units.
constexpr double kLabel = 290;  // room for the labels at the left
constexpr double kPlot = 390;
constexpr double kText = 230;  // and for the values at the right
constexpr double kRow = 22;
constexpr double kBarHeight = 14;
constexpr double kTop = 26;  // the title
constexpr double kAxis = 18;
constexpr std::size_t kColours = 8;
constexpr int kMostExponent = 13;  // of nanoseconds: hours

std::string open_svg(const std::string& title, double height) {
  const double width = kLabel + kPlot + kText;
  return fmt::format(
      "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
      "viewBox=\"0 0 {:.0f} {:.0f}\" aria-label=\"{}\"><text class=\"title\" x=\"0\" "
      "y=\"14\">{}</text>",
      width, height, escape_html(title), escape_html(title));
}

std::string label_text(const std::string& label, double y) {
  return fmt::format("<text x=\"{:.0f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", kLabel - 8,
                     y + kBarHeight - 3, escape_html(label));
}

std::string value_text_at(const std::string& text, double x, double y) {
  return fmt::format("<text class=\"value\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", x,
                     y + kBarHeight - 3, escape_html(text));
}

std::string rectangle(std::string_view kind, double x, double y, double width,
                      const std::string& hint) {
  return fmt::format(
      "<rect class=\"{}\" x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" "
      "height=\"{:.0f}\"><title>{}</title></rect>",
      kind, x, y, std::max(width, 0.0), kBarHeight, escape_html(hint));
}

double top_of(std::size_t row) {
  return kTop + static_cast<double>(row) * kRow;
}

// Whether a value can be drawn at all.
double finite_or_zero(double value) {
  return std::isfinite(value) && value > 0 ? value : 0;
}

double total_of(const StackedBar& bar) {
  double sum = 0;
  for (const auto& part : bar.parts)
    sum += finite_or_zero(part.second);
  return sum;
}

// The names that have a colour, by their size in the whole chart.
std::vector<std::string> coloured(const std::vector<StackedBar>& bars) {
  std::map<std::string, double> sums;
  for (const StackedBar& bar : bars) {
    for (const auto& [name, value] : bar.parts)
      sums[name] += finite_or_zero(value);
  }
  std::vector<std::pair<std::string, double>> sorted(sums.begin(), sums.end());
  std::ranges::sort(sorted, std::greater<>(), &std::pair<std::string, double>::second);
  std::vector<std::string> names;
  for (const auto& [name, sum] : sorted) {
    if (sum > 0 && names.size() < kColours) names.push_back(name);
  }
  return names;
}

std::string colour_of(const std::vector<std::string>& names, const std::string& name) {
  const auto at = std::ranges::find(names, name);
  return at == names.end() ? "cx" : fmt::format("c{}", at - names.begin());
}

std::string legend(const std::vector<std::string>& names) {
  std::string text = "<ul class=\"legend\">";
  for (const std::string& name : names) {
    text += fmt::format("<li><span class=\"{}\"></span>{}</li>", colour_of(names, name),
                        escape_html(name));
  }
  return text + "</ul>";
}

// Good enough to draw with, and by hand: the C library's would make every start of `skiff run` load
// libm. `value` is finite and at least 1.
double decimal_logarithm(double value) {
  constexpr double kLn2 = 0.6931471805599453;
  constexpr double kLn10 = 2.302585092994046;
  double logarithm = 0;
  for (; value >= 2; value /= 2)
    logarithm += kLn2;
  // ln v = 2 artanh((v - 1) / (v + 1)), and the argument is at most a third.
  const double y = (value - 1) / (value + 1);
  double power = y;
  for (int k = 1; k < 16; k += 2, power *= y * y)
    logarithm += 2 * power / k;
  return logarithm / kLn10;
}

double power_of_ten(int exponent) {
  double power = 1;
  for (; exponent > 0; --exponent)
    power *= 10;
  return power;
}

// By Newton's method, of a share between 0 and 1.
double square_root(double share) {
  double root = (1 + share) / 2;
  for (int i = 0; i < 12; ++i)
    root = (root + share / root) / 2;
  return root;
}

// A logarithmic axis from one power of ten to another. [ns]
struct LogAxis {
  int low = 2;  // exponents
  int high = 3;

  double x_of(double ns) const {
    const double exponent =
        decimal_logarithm(std::clamp(ns, power_of_ten(low), power_of_ten(high)));
    return kLabel + (exponent - low) / (high - low) * kPlot;
  }
};

LogAxis axis_of(const std::vector<Strip>& strips) {
  double least = 1e300;
  double most = 1;
  for (const Strip& strip : strips) {
    for (const auto& [ns, count] : strip.buckets) {
      if (count == 0 || !std::isfinite(ns) || ns < 1) continue;
      least = std::min(least, ns);
      most = std::max(most, ns);
    }
  }
  if (least > most) return {};
  LogAxis axis{.low = 0, .high = 1};
  while (axis.low < kMostExponent - 1 && power_of_ten(axis.low + 1) <= least)
    ++axis.low;
  axis.high = axis.low + 1;
  while (axis.high < kMostExponent && power_of_ten(axis.high) < most)
    ++axis.high;
  return axis;
}

std::string draw(const LogAxis& axis, std::size_t rows) {
  std::string text;
  const double bottom = top_of(rows);
  for (int exponent = axis.low; exponent <= axis.high; ++exponent) {
    const double x = axis.x_of(power_of_ten(exponent));
    text += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.0f}\" y2=\"{2:.0f}\"/>"
        "<text class=\"axis\" x=\"{0:.1f}\" y=\"{3:.0f}\" text-anchor=\"middle\">{4}</text>",
        x, kTop - 4, bottom, bottom + 12, time_text(power_of_ten(exponent)));
  }
  return text;
}

// Each bucket reaches to the next; the darker, the larger its share.
std::string draw(const Strip& strip, const LogAxis& axis, double y) {
  std::uint64_t most = 1;
  for (const auto& bucket : strip.buckets)
    most = std::max(most, bucket.second);
  std::string text;
  for (std::size_t i = 0; i < strip.buckets.size(); ++i) {
    const auto& [ns, count] = strip.buckets[i];
    if (count == 0 || !std::isfinite(ns)) continue;
    const double end =
        i + 1 < strip.buckets.size() ? std::min(strip.buckets[i + 1].first, ns * 1.06) : ns * 1.03;
    const double share = static_cast<double>(count) / static_cast<double>(most);
    text += fmt::format(
        "<rect class=\"strip\" x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.0f}\" "
        "fill-opacity=\"{:.2f}\"/>",
        axis.x_of(ns), y, std::max(axis.x_of(end) - axis.x_of(ns), 0.8), kBarHeight,
        0.12 + 0.88 * square_root(share));
  }
  for (const auto& [value, name] : {std::pair(strip.p50, "p50"), std::pair(strip.p99, "p99")}) {
    text += fmt::format(
        "<line class=\"{2}\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" "
        "y2=\"{3:.1f}\"><title>{2} {4}</title></line>",
        axis.x_of(finite_or_zero(value)), y - 2, name, y + kBarHeight + 2, time_text(value));
  }
  return text;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string bar_chart(const std::string& title, const std::vector<Bar>& bars) {
  double most = 0;
  for (const Bar& bar : bars)
    most = std::max({most, finite_or_zero(bar.value), finite_or_zero(bar.most)});
  if (most == 0) return {};
  std::string text = open_svg(title, top_of(bars.size()));
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar& bar = bars[i];
    const double y = top_of(i);
    const auto x_of = [most](double value) {
      return kLabel + finite_or_zero(value) / most * kPlot;
    };
    text += label_text(bar.label, y) +
            rectangle("c0", kLabel, y, x_of(bar.value) - kLabel, bar.label + ": " + bar.text);
    text += fmt::format(
        "<line class=\"range\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>",
        x_of(bar.least), x_of(bar.most), y + kBarHeight / 2, y + kBarHeight / 2);
    text += value_text_at(bar.text, x_of(std::max(bar.value, bar.most)) + 6, y);
  }
  return text + "</svg>";
}

std::string stacked_chart(const std::string& title, const std::vector<StackedBar>& bars) {
  double most = 0;
  for (const StackedBar& bar : bars)
    most = std::max(most, total_of(bar));
  if (most == 0) return {};
  const auto names = coloured(bars);
  std::string text = open_svg(title, top_of(bars.size()));
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const double y = top_of(i);
    double x = kLabel;
    text += label_text(bars[i].label, y);
    for (const auto& [name, value] : bars[i].parts) {
      const double width = finite_or_zero(value) / most * kPlot;
      text += rectangle(colour_of(names, name), x, y, width, name + ": " + number_text(value));
      x += width;
    }
    text += value_text_at(bars[i].text, x + 6, y);
  }
  return text + "</svg>" + legend(names);
}

std::string strip_chart(const std::string& title, const std::vector<Strip>& strips) {
  const bool is_empty =
      std::ranges::all_of(strips, [](const Strip& strip) { return strip.buckets.empty(); });
  if (is_empty) return {};
  const LogAxis axis = axis_of(strips);
  std::string text = open_svg(title, top_of(strips.size()) + kAxis) + draw(axis, strips.size());
  for (std::size_t i = 0; i < strips.size(); ++i) {
    text += label_text(strips[i].label, top_of(i)) + draw(strips[i], axis, top_of(i)) +
            value_text_at(strips[i].text, kLabel + kPlot + 8, top_of(i));
  }
  return text + "</svg>";
}

}  // namespace skiff::bench
