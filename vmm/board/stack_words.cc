#include "vmm/board/stack_words.h"

#include <algorithm>
#include <span>

namespace skiff {

std::vector<std::uint64_t> stack_words(const LinearReader& read, std::uint64_t at,
                                       std::size_t count, std::uint64_t upper_half) {
  constexpr std::size_t kMostWords = 512;
  std::vector<std::uint64_t> words;
  for (; words.size() < std::min(count, kMostWords); at += 8) {
    std::uint64_t word = 0;
    if ((at & upper_half) == 0) break;
    if (!read(at, std::as_writable_bytes(std::span(&word, 1)))) break;
    words.push_back(word);
  }
  return words;
}

}  // namespace skiff
