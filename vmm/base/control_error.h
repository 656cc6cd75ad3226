// Why something that was asked of a running VM could not be done; the control API's answer has all
// of it.
#pragma once

#include <expected>
#include <string>

namespace skiff {

struct ControlError {
  enum class Kind {
    not_found,    // no such device, console, ...
    bad_request,  // a value is wrong: `field` names it
    conflict,     // not in this state, or somebody else has it
    unsupported,  // this guest, device or host has no such thing
    failed,       // the host refused
  };
  Kind kind = Kind::failed;
  std::string message;  // a sentence that says what to do
  std::string field{};
};
template <typename T = void>
using ControlResult = std::expected<T, ControlError>;

}  // namespace skiff
