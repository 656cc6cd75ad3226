// A parsed command line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skiff {

struct CommandSpec;

class Arguments {
 public:
  // In the order of the command line; a flag has an empty value.
  struct Option {
    std::string name;  // the long name, "--vcpus"
    std::string value;
  };

  const CommandSpec* command = nullptr;  // null: none was given
  std::string operand;                   // the first one; empty: none
  std::vector<std::string> operands;     // all of them
  std::vector<Option> options;

  bool has(std::string_view name) const { return last(name).has_value(); }
  // The value of the last occurrence.
  std::optional<std::string> last(std::string_view name) const {
    for (auto at = options.rbegin(); at != options.rend(); ++at) {
      if (at->name == name) return at->value;
    }
    return std::nullopt;
  }
};

}  // namespace skiff
