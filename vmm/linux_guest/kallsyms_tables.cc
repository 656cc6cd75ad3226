#include "vmm/linux_guest/kallsyms_tables.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "vmm/base/bits.h"
#include "vmm/base/bytes.h"

namespace skiff {
namespace {

constexpr std::size_t kTokens = 256;
constexpr std::size_t kMaxTokenTable = 16 * 1024;  // some 900 bytes in practice
constexpr std::size_t kMaxToken = 128;
constexpr std::size_t kMaxMarkers = Kallsyms::kMaxSymbols / 256;
constexpr std::uint64_t kMaxNames = 32ULL << 20;
// Of the names of 256 symbols: each has a length of one or two bytes and at least one token.
constexpr std::uint32_t kShortestBlock = 256 * 2, kLongestBlock = 256 * (2 + 512);
// How far before the token table the markers may begin.
constexpr std::uint64_t kMaxSearch = kMaxMarkers * 4 + Kallsyms::kMaxSymbols * 3 + 16;
constexpr std::size_t kMaxCandidates = 64;  // finds of the digits that prove to be none
constexpr std::size_t kMaxNameTries = 16;   // of reading all names, in the whole search
constexpr std::uint64_t kStep = 4096;

// Tokens '0' to '9', in the order of their codes, each ended by a NUL.
constexpr std::string_view kDigits("0\0001\0002\0003\0004\0005\0006\0007\0008\0009\0", 20);

template <typename T>
std::optional<std::vector<T>> read_vector(const LinearReader& read, std::uint64_t linear,
                                          std::size_t count) {
  std::vector<T> values(count);
  if (!read(linear, std::as_writable_bytes(std::span(values)))) return std::nullopt;
  return values;
}

}  // namespace

std::optional<Kallsyms> KallsymsTables::find() {
  // Pages are looked at one after the other, each with the end of the page before it, so that the
  // digits are seen across a border too.
  std::vector<std::byte> window(kDigits.size() + kStep);
  const auto page = std::span(window).subspan(kDigits.size());
  std::size_t candidates = 0;
  const std::uint64_t size = std::min(image_.size, Kallsyms::kMaxImage);
  for (std::uint64_t at = 0; at + kStep <= size; at += kStep) {
    if (!read_(image_.start + at, page)) {
      std::ranges::fill(window, std::byte{0xff});
      continue;
    }
    const std::string_view text(reinterpret_cast<const char*>(window.data()), window.size());
    for (std::size_t hit = text.find(kDigits); hit != std::string_view::npos;
         hit = text.find(kDigits, hit + 1)) {
      if (++candidates > kMaxCandidates) return std::nullopt;
      if (find_tokens(image_.start + at + hit - kDigits.size()) && find_names() &&
          find_addresses()) {
        return std::move(found_);
      }
    }
    std::memmove(window.data(), window.data() + kStep, kDigits.size());
  }
  return std::nullopt;
}

bool KallsymsTables::find_tokens(std::uint64_t digits) {
  // Forward to the end of the table: it has kTokens - '0' more tokens.
  std::vector<std::byte> bytes(kMaxTokenTable);
  std::size_t have = bytes.size();
  while (have > 0 && !read_(digits, std::span(bytes).first(have)))
    have /= 2;
  std::size_t end = 0;
  for (std::size_t token = '0'; token < kTokens; ++token) {
    while (end < have && bytes[end] != std::byte{0})
      ++end;
    if (end >= have) return false;
    ++end;
  }
  // The index is aligned to 8 (ALGN of scripts/kallsyms.c).
  token_index_ = align_up<std::uint64_t>(digits + end, 8);
  const auto index = read_vector<std::uint16_t>(read_, token_index_, kTokens);
  if (!index || (*index)[0] != 0) return false;
  token_table_ = digits - (*index)['0'];
  const auto table_size = static_cast<std::size_t>(digits + end - token_table_);
  const auto table = read_vector<char>(read_, token_table_, table_size);
  if (!table || table->back() != '\0') return false;
  std::size_t at = 0;
  for (std::size_t token = 0; token < kTokens; ++token) {
    if ((*index)[token] != at || at >= table_size) return false;
    found_.tokens_[token] = table->data() + at;
    if (found_.tokens_[token].size() > kMaxToken) return false;
    at += found_.tokens_[token].size() + 1;
  }
  return at == table_size;
}

// Backwards from the token table: offsets that descend to a zero, one for every 256 symbols, right
// before it or, in between (6.1 stable), three bytes for every symbol.
bool KallsymsTables::find_names() {
  std::array<std::uint32_t, kStep / 4> page{};
  std::vector<std::uint32_t> run;  // the last one first
  std::uint64_t run_end = 0;
  std::uint64_t at = token_table_;
  for (std::uint64_t searched = 0; searched < kMaxSearch; searched += 4) {
    at -= 4;
    const std::size_t word = at % kStep / 4;
    if (searched == 0 || word == page.size() - 1) {
      if (!read_(at - word * 4, std::as_writable_bytes(std::span(page).first(word + 1))))
        return false;
    }
    const std::uint32_t marker = page[word];
    if (run.empty() || marker >= run.back() || run.back() - marker < kShortestBlock ||
        run.back() - marker > kLongestBlock || run.size() > kMaxMarkers) {
      run.clear();
      run_end = at + 4;
    }
    run.push_back(marker);
    if (marker != 0 || run.size() < 2) continue;
    // So many symbols as there would be between here and the table: none, or those of the markers.
    const std::uint64_t gap = token_table_ - run_end;
    const bool is_next = gap < 8;
    if (!is_next && (gap / 3 + 255) / 256 != run.size() && (gap / 3 + 252) / 256 != run.size())
      continue;
    found_.markers_.assign(run.rbegin(), run.rend());
    markers_at_ = at;
    if (find_names_before_markers()) return true;
  }
  return false;
}

// The names end, padded, where the markers begin; their start is where the count lies 8 bytes
// before.
bool KallsymsTables::find_names_before_markers() {
  // The names behind the last marker: at most 256 of at most 2 + 512 bytes.
  constexpr std::uint64_t kLongestTail = kLongestBlock + 8;
  const std::uint64_t last = found_.markers_.back();
  for (std::uint64_t back = 0; back < kLongestTail; back += 8) {
    const std::uint64_t names = align_down<std::uint64_t>(markers_at_ - last - back, 8);
    const auto count = read_as<std::uint32_t>(read_, names - 8);
    if (!count) return false;
    if (*count == 0 || *count > Kallsyms::kMaxSymbols) continue;
    if ((std::uint64_t{*count} + 255) / 256 != found_.markers_.size()) continue;
    if (++name_tries_ > kMaxNameTries) return false;
    count_ = *count;
    if (check_names(names)) return true;
  }
  return false;
}

bool KallsymsTables::check_names(std::uint64_t names) {
  const auto size = static_cast<std::size_t>(markers_at_ - names);
  if (size > kMaxNames) return false;
  auto bytes = read_vector<std::uint8_t>(read_, names, size);
  if (!bytes) return false;
  std::size_t at = 0;
  for (std::uint32_t index = 0; index < count_; ++index) {
    if (index % 256 == 0 && found_.markers_[index / 256] != at) return false;
    if (at + 1 >= size) return false;
    std::size_t length = (*bytes)[at++];
    // Since 6.1 a long name has its length in two bytes, as ULEB128.
    if ((length & 0x80) != 0) length = (length & 0x7f) | std::size_t{(*bytes)[at++]} << 7;
    if (length == 0 || length > size - at) return false;
    at += length;
  }
  if (size - at >= 8) return false;  // more than padding
  names_at_ = names;
  found_.names_ = std::move(*bytes);
  return true;
}

bool KallsymsTables::find_addresses() {
  const std::uint64_t table = align_up<std::uint64_t>(std::uint64_t{count_} * 4, 8);
  // Older: before the count, which lies before the names.
  const std::uint64_t older_base = names_at_ - 16;
  if (const auto base = read_as<std::uint64_t>(read_, older_base)) {
    if (image_.contains(*base) && load_addresses(older_base - table, base)) return true;
  }
  // Newer: behind the token index.
  const std::uint64_t newer = token_index_ + kTokens * 2;
  if (const auto base = read_as<std::uint64_t>(read_, newer + table)) {
    if (image_.contains(*base) && load_addresses(newer, base)) return true;
  }
  return false;
}

bool KallsymsTables::load_addresses(std::uint64_t offsets, std::optional<std::uint64_t> base) {
  const auto values = read_vector<std::int32_t>(read_, offsets, count_);
  if (!values || !base) return false;
  // With CONFIG_KALLSYMS_ABSOLUTE_PERCPU a negative one is -1 - offset from the base, and the
  // others are addresses; without it all are offsets. Either way the addresses ascend.
  const auto negative =
      std::ranges::count_if(*values, [](std::int32_t value) { return value < 0; });
  const bool is_absolute_percpu = negative * 2 > static_cast<std::ptrdiff_t>(count_);
  found_.addresses_.resize(count_);
  for (std::uint32_t index = 0; index < count_; ++index) {
    const std::int32_t value = (*values)[index];
    if (!is_absolute_percpu) {
      found_.addresses_[index] = *base + static_cast<std::uint32_t>(value);
    } else if (value >= 0) {
      found_.addresses_[index] = static_cast<std::uint64_t>(value);
    } else {
      found_.addresses_[index] = *base - 1 - static_cast<std::uint64_t>(std::int64_t{value});
    }
  }
  return std::ranges::is_sorted(found_.addresses_);
}

}  // namespace skiff
