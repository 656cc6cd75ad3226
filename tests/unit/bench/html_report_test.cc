#include "vmm/bench/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <limits>
#include <regex>

#include "tests/unit/bench/bench_samples.h"
#include "vmm/bench/svg_charts.h"

namespace skiff::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

// The page is XML but for its first line: each element closed, attributes quoted, no stray '<' or
// '&'. Returns what is wrong first.
std::string flaw_of(std::string_view page) {
  constexpr std::string_view kDoctype = "<!DOCTYPE html>\n";
  if (!page.starts_with(kDoctype)) return "no doctype";
  page.remove_prefix(kDoctype.size());
  static const std::regex kTag(R"(</?[a-z][a-z0-9]*((\s+[a-zA-Z0-9:-]+="[^"<]*")*)\s*/?>)");
  static const std::regex kReference("&(amp|lt|gt|quot);");
  std::vector<std::string> open;
  while (!page.empty()) {
    const std::string text(page.substr(0, page.find('<')));
    for (auto at = text.find('&'); at != std::string::npos; at = text.find('&', at + 1)) {
      if (!std::regex_search(text.substr(at), kReference, std::regex_constants::match_continuous)) {
        return "a stray & in: " + text.substr(at, 40);
      }
    }
    page.remove_prefix(text.size());
    if (page.empty()) break;
    const std::string tag(page.substr(0, page.find('>') + 1));
    if (!std::regex_match(tag, kTag)) return "no tag: " + tag.substr(0, 80);
    page.remove_prefix(tag.size());
    const bool closes = tag[1] == '/';
    const auto begin = closes ? 2U : 1U;
    const std::string name = tag.substr(begin, tag.find_first_of(" />", begin) - begin);
    if (closes) {
      if (open.empty() || open.back() != name) return "closes what is not open: " + tag;
      open.pop_back();
    } else if (!tag.ends_with("/>")) {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : "left open: " + open.back();
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

TEST(BenchHtml, ThePageIsWellFormedAndHasItsCharts) {
  const std::string page = to_html(test::sample_report());
  EXPECT_EQ(flaw_of(page), "");
  for (const char* const title : {"Requests a second", "Time of a request", "Exits per request",
                                  "Processor time per request"}) {
    EXPECT_EQ(
        count_of(page, std::string("<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" "
                                   "role=\"img\" viewBox")),
        8U);
    EXPECT_GE(count_of(page, std::string(">") + title), 2U) << title;
  }
  EXPECT_THAT(page, HasSubstr("6.0 times as long"));
  EXPECT_THAT(page, HasSubstr("A &lt;fast&gt; &amp; &quot;new&quot; one"));
}

TEST(BenchHtml, NothingIsFetchedAndNothingRuns) {
  const std::string page = to_html(test::sample_report());
  for (const char* const word : {"<script", "<link", "<img", "src=", "href=", "url(", "@import"}) {
    EXPECT_THAT(page, Not(HasSubstr(word)));
  }
}

TEST(BenchHtml, WhatAGuestSaidIsText) {
  Report report = test::sample_report();
  report.cells[2].exits = {{"port I/O", "<script>alert(1)</script>", "\"'&", "read", 1, 1}};
  report.cells[3].name.setup = "<b>\"&/memory";
  CellRun failed{.cell = "x", .trouble = "</td><script>"};
  report.cells.push_back(make_cell_report(test::sample_name("nvme/memory"), "skiff", {failed}));
  report.notes.emplace_back("<i>");
  const std::string page = to_html(report);
  EXPECT_EQ(flaw_of(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<script")));
}

TEST(BenchHtml, AnEmptyReportIsAPageToo) {
  EXPECT_EQ(flaw_of(to_html(Report{})), "");
}

TEST(BenchHtml, NumbersThatCannotBeDrawnLeaveThePageWhole) {
  const double bad = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  const std::string charts =
      bar_chart("a", {{.label = "x", .value = bad, .least = infinite, .most = 1, .text = "t"},
                      {.label = "y", .value = -1, .text = "u"}}) +
      stacked_chart("b", {{.label = "x", .parts = {{"p", bad}, {"q", 1}}, .text = "t"}}) +
      strip_chart("c", {{.label = "x", .buckets = {{bad, 1}, {infinite, 2}, {0, 3}}, .text = "t"}});
  EXPECT_EQ(flaw_of("<!DOCTYPE html>\n<p>" + charts + "</p>"), "");
  EXPECT_THAT(charts, Not(HasSubstr("nan")));
  EXPECT_THAT(charts, Not(HasSubstr("\"inf")));
}

std::string output_of(const std::string& command) {
  std::string text;
  std::array<char, 4096> part;
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  for (std::size_t got; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
    text.append(part.data(), got);
  ::pclose(pipe);
  return text;
}

TEST(BenchHtml, ABrowserShowsItsChartsWithoutAnError) {
  if (output_of("command -v chromium").empty()) GTEST_SKIP() << "chromium is not installed";
  std::string folder = "/tmp/bench-html-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/page.html") << to_html(test::sample_report());
  // A script of the test's own in a copy of the page: how large has the browser drawn each chart?
  std::string page = to_html(test::sample_report());
  page.insert(page.find("</body>"),
              "<p id=\"seen\"></p><script>document.getElementById('seen').textContent = 'seen ' + "
              "[...document.querySelectorAll('svg')].filter(s => s.getBBox().width > 300 && "
              "s.getBBox().height > 40).length;</script>");
  std::ofstream(folder + "/probe.html") << page;
  const std::string browser =
      "HOME=" + folder +
      " timeout 50 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage "
      "--enable-logging=stderr --v=0 --user-data-dir=" +
      folder + "/profile ";
  const std::string seen = output_of(browser + "--dump-dom file://" + folder + "/probe.html 2>&1");
  EXPECT_THAT(seen, HasSubstr("seen 8"));
  EXPECT_THAT(seen, Not(HasSubstr(":CONSOLE"))) << "the page made the browser complain";
  output_of("rm -rf " + folder);
}

}  // namespace
}  // namespace skiff::bench
