// The page of `skiff why`: the facts and what they mean, laid out for a person.
#pragma once

#include <string>

#include "vmm/machine/why/guest_facts.h"

namespace skiff {

inline constexpr std::size_t kMaxWhyPage = 16 * 1024;  // [bytes]

// Lines ended by newlines; printable text, at most kMaxWhyPage. What does not fit is left out from
// the oldest messages and exits on, never from the headline.
std::string why_page(const GuestFacts& facts);
// The weightiest finding alone, without a newline.
std::string why_headline(const GuestFacts& facts);

}  // namespace skiff
