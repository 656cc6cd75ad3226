#include "tests/kvm/bench/bench_lines.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>
#include <sstream>

namespace skiff::test {
namespace {

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Line {
  std::string what;
  std::vector<std::pair<std::string, std::string>> words;  // key, value
};

std::optional<Line> split(const std::string& text) {
  constexpr std::string_view kStart = "bench: ";
  if (text.compare(0, kStart.size(), kStart) != 0) return std::nullopt;
  std::istringstream stream(text.substr(kStart.size()));
  Line line;
  stream >> line.what;
  for (std::string word; stream >> word;) {
    const std::size_t at = word.find_first_of("=:");
    if (at == std::string::npos) return std::nullopt;
    line.words.emplace_back(word.substr(0, at), word.substr(at + 1));
  }
  return line;
}

class Reader {
 public:
  explicit Reader(std::string program) : program_(std::move(program)) {}

  void take(const std::string& text, bool after_mark) {
    const std::optional<Line> line = split(text);
    if (!line) return fail(text, "no words behind `bench: `");
    line_ = *line;
    const std::string wanted =
        after_mark ? "done fail" : "begin ready skip fail latency histogram end want";
    if (wanted.find(line_.what) == std::string::npos) return fail(text, "out of place");
    if (!take_line()) fail(text, "expected " + state_);
  }
  void fail(const std::string& text, const std::string& why) {
    if (lines.error.empty()) lines.error = why + ": '" + text + "'";
  }
  bool measures() const { return state_ == "!"; }
  void take_mark() { state_ = "done"; }

  BenchLines lines;

 private:
  bool take_line() {
    if (line_.what == "begin") return take_begin();
    if (line_.what == "ready") return take_ready();
    if (line_.what == "done") return take_done();
    if (line_.what == "latency") return take_latency();
    if (line_.what == "histogram") return take_histogram();
    if (line_.what == "want")
      return state_ == "cell" && keys({"cell", "face", "requests", "bytes"});
    if (line_.what == "end") return take_end();
    return take_why();
  }

  bool keys(const std::vector<std::string>& wanted) const {
    return std::equal(line_.words.begin(), line_.words.end(), wanted.begin(), wanted.end(),
                      [](const auto& word, const std::string& key) { return word.first == key; });
  }
  const std::string& value(std::size_t index) const { return line_.words.at(index).second; }
  // The words from `first` on as numbers.
  bool numbers(std::size_t first, std::vector<std::uint64_t>* into) const {
    for (std::size_t i = first; i < line_.words.size(); ++i) {
      const auto found = number(value(i));
      if (!found) return false;
      into->push_back(*found);
    }
    return true;
  }

  bool take_begin() {
    std::vector<std::uint64_t> found;
    if (state_ != "begin" || !keys({"program", "version", "tsc_khz"}) || value(0) != program_ ||
        value(1) != "1" || !numbers(2, &found))
      return false;
    lines.tsc_khz = found.at(0);
    state_ = "cell";
    return true;
  }

  bool take_ready() {
    if (state_ != "cell" || !keys({"cell", "face", "requests"}) || !number(value(2))) return false;
    name_ = value(0);
    cell_ = {.face = value(1), .requests = *number(value(2))};
    state_ = "!";
    return true;
  }

  bool take_done() {
    std::vector<std::uint64_t> found;
    if (state_ != "done" ||
        !keys({"cell", "requests", "bytes", "cycles", "kicks", "interrupts", "failed"}) ||
        value(0) != name_ || !numbers(1, &found) || found.at(0) != cell_.requests)
      return false;
    cell_.bytes = found.at(1);
    cell_.cycles = found.at(2);
    cell_.kicks = found.at(3);
    cell_.interrupts = found.at(4);
    cell_.failed = found.at(5);
    state_ = "latency";
    return true;
  }

  bool take_latency() {
    if (state_ != "latency" || !keys({"cell", "p50", "p90", "p99", "p999", "max"}) ||
        value(0) != name_ || !numbers(1, &cell_.latency))
      return false;
    state_ = "histogram";
    return std::is_sorted(cell_.latency.begin(), cell_.latency.end());
  }

  bool take_histogram() {
    if (state_ != "histogram" || line_.words.empty() || line_.words.front().first != "cell" ||
        value(0) != name_ || line_.words.size() > 201)
      return false;
    std::uint64_t total = 0;
    for (std::size_t i = 1; i < line_.words.size(); ++i) {
      const auto low = number(line_.words.at(i).first);
      const auto count = number(value(i));
      if (!low || !count || *count == 0) return false;
      if (!cell_.histogram.empty() && *low <= cell_.histogram.back().first) return false;
      cell_.histogram.emplace_back(*low, *count);
      total += *count;
    }
    state_ = "cell";
    // Each request counts once, and the largest lies in the last bucket.
    if (total != cell_.requests || cell_.histogram.back().first > cell_.latency.back())
      return false;
    return lines.cells.emplace(name_, cell_).second;
  }

  bool take_why() {
    if ((state_ != "cell" && state_ != "done") || !keys({"cell", "why"}) || value(1).empty())
      return false;
    state_ = "cell";
    auto& into = line_.what == "skip" ? lines.skipped : lines.failed;
    return into.emplace(value(0), value(1)).second;
  }

  bool take_end() {
    if (state_ != "cell" || !keys({"status"}) || value(0) != "0") return false;
    lines.ended = true;
    state_ = "nothing";
    return true;
  }

  std::string program_;
  Line line_;
  std::string state_ = "begin";
  std::string name_;
  BenchCellLines cell_;
};

}  // namespace

BenchLines read_bench_lines(const std::string& out, const std::string& program) {
  Reader reader(program);
  std::istringstream stream(out);
  for (std::string text; std::getline(stream, text);) {
    if (text.find_first_not_of('x') == std::string::npos && !text.empty()) continue;
    const bool mark = text.compare(0, 1, "!") == 0;
    if (mark != reader.measures()) reader.fail(text, "`!` does not stand where it should");
    if (mark) reader.take_mark();
    reader.take(mark ? text.substr(1) : text, mark);
  }
  return reader.lines;
}

}  // namespace skiff::test
