#include "vmm/bench/guest_words.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace skiff::bench {
namespace {

constexpr std::string_view kPrefix = "bench: ";
// A word of a line, its '=' behind the name. Lines have at most eight; a histogram has its own way.
constexpr std::size_t kMostWords = 16;

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || at != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ',';
  };
  return !text.empty() && text.size() <= GuestReader::kMostName &&
         std::ranges::all_of(text, allowed);
}

std::string_view next_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  return word;
}

// The words of a line, each asked for by its name. One that is missing or wrong breaks the line.
class Words {
 public:
  explicit Words(std::string_view rest) {
    while (true) {
      const std::string_view word = next_word(rest);
      if (word.empty()) return;
      if (words_.size() == kMostWords) {
        is_sound_ = false;
        return;
      }
      words_.push_back(word);
    }
  }
  bool is_sound() const { return is_sound_; }

  std::string name(std::string_view key) {
    const auto value = find(key);
    if (!value || !is_name(*value)) return broken();
    return std::string(*value);
  }
  std::uint64_t number(std::string_view key) {
    const auto value = find(key);
    const auto number = value ? number_of(*value) : std::nullopt;
    if (!number) is_sound_ = false;
    return number.value_or(0);
  }
  std::optional<std::uint64_t> number_if_told(std::string_view key) {
    return find(key) ? std::optional(number(key)) : std::nullopt;
  }
  // Spaces are written as underscores.
  std::string reason(std::string_view key) {
    std::string text = printable_text(find(key).value_or("no_reason"), GuestReader::kMostReason);
    std::ranges::replace(text, '_', ' ');
    return text;
  }

 private:
  std::optional<std::string_view> find(std::string_view key) const {
    for (const std::string_view word : words_) {
      if (word.size() > key.size() && word.starts_with(key) && word[key.size()] == '=') {
        return word.substr(key.size() + 1);
      }
    }
    return std::nullopt;
  }
  std::string broken() {
    is_sound_ = false;
    return {};
  }

  std::vector<std::string_view> words_;
  bool is_sound_ = true;
};

std::optional<GuestWord> parse_done(Words& words) {
  return GuestDone{.cell = words.name("cell"),
                   .requests = words.number("requests"),
                   .bytes = words.number("bytes"),
                   .cycles = words.number("cycles"),
                   .kicks = words.number_if_told("kicks"),
                   .interrupts = words.number("interrupts"),
                   .failed = words.number("failed")};
}

std::optional<GuestWord> parse_latency(Words& words) {
  return GuestLatency{.cell = words.name("cell"),
                      .p50 = words.number("p50"),
                      .p90 = words.number("p90"),
                      .p99 = words.number("p99"),
                      .p999 = words.number("p999"),
                      .max = words.number("max")};
}

// "cell=NAME 1200:5 1240:77 ..."
std::optional<GuestWord> parse_histogram(std::string_view rest) {
  Words first{next_word(rest)};
  GuestHistogram histogram{.cell = first.name("cell"), .buckets = {}};
  if (!first.is_sound()) return std::nullopt;
  while (true) {
    const std::string_view word = next_word(rest);
    if (word.empty()) return histogram;
    const auto colon = word.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto lower = number_of(word.substr(0, colon));
    const auto count = number_of(word.substr(colon + 1));
    if (!lower || !count || histogram.buckets.size() == GuestReader::kMostBuckets ||
        (!histogram.buckets.empty() && *lower <= histogram.buckets.back().lower)) {
      return std::nullopt;
    }
    histogram.buckets.push_back({.lower = *lower, .count = *count});
  }
}

std::optional<GuestWord> parse_plain(std::string_view kind, Words& words) {
  if (kind == "begin") {
    return GuestBegin{.program = words.name("program"),
                      .version = words.number("version"),
                      .tsc_khz = words.number("tsc_khz")};
  }
  if (kind == "want") {
    return GuestWant{.cell = words.name("cell"),
                     .requests = words.number("requests"),
                     .bytes = words.number("bytes")};
  }
  if (kind == "ready") {
    return GuestReady{.cell = words.name("cell"),
                      .face = words.name("face"),
                      .requests = words.number("requests")};
  }
  if (kind == "done") return parse_done(words);
  if (kind == "latency") return parse_latency(words);
  if (kind == "skip") return GuestSkip{.cell = words.name("cell"), .why = words.reason("why")};
  if (kind == "fail") return GuestFail{.cell = words.name("cell"), .why = words.reason("why")};
  if (kind == "end") return GuestEnd{.status = words.number("status")};
  return std::nullopt;
}

}  // namespace

std::string printable_text(std::string_view text, std::size_t most) {
  std::string result(text.substr(0, most));
  std::ranges::replace_if(result, [](char c) { return c < ' ' || c > '~'; }, '?');
  return result;
}

GuestWord parse_guest_line(std::string_view line) {
  std::string_view rest = line;
  if (rest.starts_with(kPrefix)) rest.remove_prefix(kPrefix.size());
  const std::string_view kind = next_word(rest);
  std::optional<GuestWord> word;
  if (kind == "histogram") {
    word = parse_histogram(rest);
  } else {
    Words words(rest);
    word = parse_plain(kind, words);
    if (!words.is_sound()) word.reset();
  }
  if (word) return *std::move(word);
  return GuestNonsense{
      fmt::format("\"{}\" is no line of a bench program", printable_text(line, 100))};
}

std::vector<GuestWord> GuestReader::put(std::string_view bytes) {
  std::vector<GuestWord> words;
  for (const char c : bytes) {
    if (is_broken_) break;
    if (c == '!' && line_.empty()) {
      words.emplace_back(GuestMark{});
    } else if (c == '\n') {
      if (line_.ends_with('\r')) line_.pop_back();
      if (line_.starts_with(kPrefix)) {
        words.push_back(parse_guest_line(line_));
      } else {
        keep_other(line_);
      }
      line_.clear();
    } else if (line_.size() == kMostLine) {
      words.emplace_back(GuestNonsense{fmt::format("a line of more than {} bytes", kMostLine)});
    } else {
      line_.push_back(c);
    }
    is_broken_ = !words.empty() && std::holds_alternative<GuestNonsense>(words.back());
  }
  return words;
}

void GuestReader::keep_other(std::string_view line) {
  if (line.empty()) return;
  other_ += printable_text(line, kMostOther / 4) + "\n";
  if (other_.size() > kMostOther) other_.erase(0, other_.size() - kMostOther);
}

}  // namespace skiff::bench
