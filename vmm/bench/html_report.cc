#include "vmm/bench/html_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "vmm/bench/comparisons.h"
#include "vmm/bench/report_text.h"
#include "vmm/bench/svg_charts.h"

namespace skiff::bench {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1d2733; --paper: #ffffff; --soft: #5b6875; --line: #d5dbe2; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --paper: #14191f; --soft: #9aa7b4; --line: #333d48; } }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--line); }
h3 { margin: 1.6rem 0 .2rem; font-size: 1rem; } p { margin: .5rem 0; }
.sub, .legend { color: var(--soft); } .note { border-left: 3px solid #c9761c; padding-left: .7rem; }
table { border-collapse: collapse; font-size: .8rem; } td, th { padding: .15rem .6rem; text-align: right;
  border-bottom: 1px solid var(--line); white-space: nowrap; } td:first-child, th:first-child { text-align: left; }
.facts td { text-align: left; white-space: normal; } .wide { overflow-x: auto; }
summary { cursor: pointer; margin: .6rem 0; } svg.chart { width: 100%; height: auto; margin: .6rem 0 0; display: block; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); } svg .title { font-weight: 600; }
svg .value, svg .axis { fill: var(--soft); } svg .axis { font-size: 10px; }
svg .grid { stroke: var(--line); } svg .range { stroke: var(--ink); stroke-width: 1.5; }
svg .strip { fill: #2f6fb3; } svg .p50 { stroke: #c0392b; stroke-width: 2; }
svg .p99 { stroke: #c0392b; stroke-width: 1; stroke-dasharray: 2 2; }
.legend { list-style: none; padding: 0; margin: 0; font-size: .8rem; display: flex; flex-wrap: wrap; gap: .2rem 1rem; }
.legend span { display: inline-block; width: .8rem; height: .8rem; margin-right: .3rem; vertical-align: -1px; }
.c0 { fill: #2f6fb3; background: #2f6fb3; } .c1 { fill: #e08a2e; background: #e08a2e; }
.c2 { fill: #4a9d5b; background: #4a9d5b; } .c3 { fill: #b5485d; background: #b5485d; }
.c4 { fill: #7d63b0; background: #7d63b0; } .c5 { fill: #4fa3a8; background: #4fa3a8; }
.c6 { fill: #b79a2c; background: #b79a2c; } .c7 { fill: #94653f; background: #94653f; }
.cx { fill: #98a2ad; background: #98a2ad; }
)";

constexpr auto kGroups = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"doorbell", "Doorbells: what it costs to be heard"},
    {"disk", "Disks"},
    {"net", "Network cards"},
    {"console", "Consoles"},
});

// Cells that are looked at side by side.
struct Panel {
  std::string title;
  std::vector<const CellReport*> cells;
};

std::string label_of(const CellReport& cell, bool is_doorbell) {
  const std::string name = is_doorbell ? cell.name.setup + " " + cell.name.cell
                                       : cell.name.setup.substr(0, cell.name.setup.find('/'));
  return cell.monitor == "skiff" ? name : cell.monitor + " " + name;
}

// Doorbells are one panel; of the others, each request (and back-end) is one.
std::vector<Panel> panels_of(const Report& report, std::string_view group) {
  std::vector<Panel> panels;
  for (const CellReport& cell : report.cells) {
    if (cell.name.group != group || !cell.has_numbers()) continue;
    std::string title = "all";
    if (group != "doorbell") {
      title = cell_words(cell.name.cell);
      const auto slash = cell.name.setup.find('/');
      if (slash != std::string::npos) title += ", " + cell.name.setup.substr(slash + 1);
    }
    auto found = std::ranges::find(panels, title, &Panel::title);
    if (found == panels.end()) {
      panels.push_back({.title = title, .cells = {}});
      found = panels.end() - 1;
    }
    found->cells.push_back(&cell);
  }
  return panels;
}

std::string throughput_chart(const Panel& panel, bool is_doorbell) {
  std::vector<Bar> bars;
  for (const CellReport* const cell : panel.cells) {
    const auto& rate = cell->metrics[Metric::requests_per_second];
    if (!rate) continue;
    std::string text = number_text(rate->median) + "/s";
    if (const auto& bytes = cell->metrics[Metric::megabytes_per_second]; bytes && !is_doorbell) {
      text += ", " + number_text(bytes->median) + " MB/s";
    }
    bars.push_back({.label = label_of(*cell, is_doorbell) + (cell->is_noisy() ? " ~" : ""),
                    .value = rate->median,
                    .least = rate->least,
                    .most = rate->most,
                    .text = text});
  }
  return bar_chart("Requests a second (line: least to most of the runs)", bars);
}

std::string latency_chart(const Panel& panel, bool is_doorbell) {
  std::vector<Strip> strips;
  for (const CellReport* const cell : panel.cells) {
    strips.push_back({.label = label_of(*cell, is_doorbell),
                      .buckets = cell->latency,
                      .p50 = cell->value(Metric::p50_ns),
                      .p99 = cell->value(Metric::p99_ns),
                      .text = fmt::format("{}, p99 {}", time_text(cell->value(Metric::p50_ns)),
                                          time_text(cell->value(Metric::p99_ns)))});
  }
  return strip_chart("Time of a request (line: p50; dashed: p99)", strips);
}

std::string exits_chart(const Panel& panel, bool is_doorbell) {
  std::vector<StackedBar> bars;
  for (const CellReport* const cell : panel.cells) {
    if (!cell->metrics[Metric::user_exits]) continue;
    StackedBar bar{.label = label_of(*cell, is_doorbell)};
    for (const ExitRate& row : cell->exits) {
      const std::string name =
          row.reg == "-" ? row.reason : fmt::format("{}.{} {}", row.device, row.reg, row.direction);
      bar.parts.emplace_back(name, row.per_request);
    }
    if (cell->metrics[Metric::kernel_exits]) {
      bar.parts.emplace_back("in the kernel", cell->value(Metric::kernel_exits));
    }
    bar.text =
        fmt::format("{} to Skiff, {} in the kernel", number_text(cell->value(Metric::user_exits)),
                    number_text(cell->value(Metric::kernel_exits)));
    bars.push_back(std::move(bar));
  }
  return stacked_chart("Exits per request", bars);
}

std::string cpu_chart(const Panel& panel, bool is_doorbell) {
  std::vector<StackedBar> bars;
  for (const CellReport* const cell : panel.cells) {
    if (!cell->metrics[Metric::vcpu_user_us]) continue;
    StackedBar bar{.label = label_of(*cell, is_doorbell),
                   .parts = {{"vCPU thread, user", cell->value(Metric::vcpu_user_us)},
                             {"vCPU thread, kernel", cell->value(Metric::vcpu_kernel_us)},
                             {"I/O thread", cell->value(Metric::io_us)},
                             {"everything else", cell->value(Metric::other_us)}},
                   .text = number_text(cpu_us(*cell)) + " us"};
    bars.push_back(std::move(bar));
  }
  return stacked_chart("Processor time per request [us]", bars);
}

std::string charts(const Panel& panel, bool is_doorbell) {
  return throughput_chart(panel, is_doorbell) + latency_chart(panel, is_doorbell) +
         exits_chart(panel, is_doorbell) + cpu_chart(panel, is_doorbell);
}

std::string table_of(const Report& report, std::string_view group) {
  std::string text = "<div class=\"wide\"><table><tr><th>cell</th><th>runs</th>";
  for (const MetricSpec& spec : metric_specs())
    text += fmt::format("<th>{}<br/>{}</th>", escape_html(spec.title), escape_html(spec.unit));
  text += "</tr>";
  for (const CellReport& cell : report.cells) {
    if (cell.name.group != group) continue;
    text += fmt::format("<tr><td>{}{}</td><td>{}</td>",
                        escape_html(cell.name.setup + "/" + cell.name.cell),
                        cell.monitor == "skiff" ? "" : " " + escape_html(cell.monitor), cell.runs);
    if (!cell.has_numbers()) {
      text += fmt::format("<td colspan=\"{}\">{}</td></tr>", kMetrics, escape_html(cell.trouble));
      continue;
    }
    for (const MetricSpec& spec : metric_specs()) {
      const auto& stat = cell.metrics[spec.metric];
      text += stat ? fmt::format("<td title=\"{} to {}, {:.0f} %\">{}</td>",
                                 number_text(stat->least), number_text(stat->most),
                                 stat->spread() * 100, number_text(stat->median))
                   : "<td>-</td>";
    }
    text += "</tr>";
  }
  return text + "</table></div>";
}

// Its first sentence says who is compared.
std::string paragraph(const std::string& text) {
  const auto end = text.find(". ");
  const std::size_t lead = end == std::string::npos ? 0 : end + 1;
  return "<p><strong>" + escape_html(text.substr(0, lead)) + "</strong>" +
         escape_html(text.substr(lead)) + "</p>";
}

std::string paragraphs(const Report& report, std::string_view group) {
  std::string text;
  for (const Comparison& comparison : compare_cells(report)) {
    const bool is_here = comparison.title.starts_with(group);
    if (is_here) text += paragraph(comparison.text);
  }
  return text;
}

std::string section(const Report& report, std::string_view group, std::string_view title) {
  const auto panels = panels_of(report, group);
  if (panels.empty()) return {};
  std::string text = fmt::format("<section id=\"{}\"><h2>{}</h2>", group, escape_html(title));
  text += paragraphs(report, group);
  const bool is_doorbell = group == "doorbell";
  // The first few are looked at; the rest can be opened.
  constexpr std::size_t kOpen = 2;
  for (std::size_t i = 0; i < panels.size(); ++i) {
    if (is_doorbell) {
      text += charts(panels[i], is_doorbell);
    } else {
      text += fmt::format("<details{}><summary>{}</summary>{}</details>",
                          i < kOpen ? " open=\"open\"" : "", escape_html(panels[i].title),
                          charts(panels[i], is_doorbell));
    }
  }
  text +=
      "<details><summary>All numbers (medians; the range of the runs shows under the pointer)"
      "</summary>" +
      table_of(report, group) + "</details>";
  return text + "</section>";
}

std::string head(const Report& report) {
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
      "<title>skiff bench, {}</title><style>{}</style></head><body>"
      "<h1>skiff bench</h1><p class=\"sub\">Skiff {}, {}, selection \"{}\", {} runs, {:.0f} s</p>",
      escape_html(report.started), kStyle, escape_html(report.skiff_version),
      escape_html(report.started), escape_html(report.selection), report.wanted_runs,
      report.seconds);
  text += "<table class=\"facts\">";
  for (const auto& [name, value] : report.host)
    text += fmt::format("<tr><td>{}</td><td>{}</td></tr>", escape_html(name), escape_html(value));
  text += "</table>";
  for (const std::string& note : report.notes)
    text += "<p class=\"note\">" + escape_html(note) + "</p>";
  for (const std::string& warning : warnings_of(report))
    text += "<p class=\"note\">" + escape_html(warning) + "</p>";
  return text;
}

std::string rivals_section(const Report& report) {
  const std::string text = paragraphs(report, "Skiff against");
  return text.empty() ? text
                      : "<section id=\"rivals\"><h2>Other monitors</h2>" + text + "</section>";
}

}  // namespace

std::string to_html(const Report& report) {
  std::string text = head(report);
  for (const auto& [group, title] : kGroups)
    text += section(report, group, title);
  return text + rivals_section(report) + "</body></html>\n";
}

}  // namespace skiff::bench
