// A number that an option gives.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>
#include <system_error>

#include "vmm/cli/arguments.h"
#include "vmm/cli/command_line.h"

namespace skiff {

// Nothing where the option is not there. Throws UsageError where its value is no number from
// `least` to `most`.
template <typename Number>
std::optional<Number> number_option(const Arguments& arguments, const std::string& option,
                                    Number least, Number most) {
  const auto text = arguments.last(option);
  if (!text) return std::nullopt;
  Number number{};
  const char* const end = text->data() + text->size();
  const auto [at, error] = std::from_chars(text->data(), end, number);
  // This way round, because a comparison with "nan" is false.
  const bool is_inside = number >= least && number <= most;
  if (error != std::errc() || at != end || !is_inside) {
    throw UsageError(
        fmt::format("{} is \"{}\"; it must be a number from {} to {}", option, *text, least, most));
  }
  return number;
}

}  // namespace skiff
