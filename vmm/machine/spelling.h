// "Did you mean": the known word nearest to a misspelt one.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace skiff {

// How many single-character insertions, deletions, replacements and swaps of neighbours turn `a`
// into `b`, without regard to letter case ('-' and '_' are alike too). Words longer than
// kSpellingLimit are cut there.
inline constexpr std::size_t kSpellingLimit = 64;
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word`, or an empty view where none is near enough to be meant: at most
// a third of the word's length away, or beginning with it.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace skiff
