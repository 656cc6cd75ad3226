#include "vmm/cli/config_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace skiff {
namespace {

using namespace std::string_view_literals;

constexpr std::array kShortForms = {
    std::pair{"--kernel"sv, "boot.kernel"sv},     std::pair{"--initrd"sv, "boot.initrd"sv},
    std::pair{"--cmdline"sv, "boot.cmdline"sv},   std::pair{"--protocol"sv, "boot.protocol"sv},
    std::pair{"--vcpus"sv, "machine.vcpus"sv},    std::pair{"--memory"sv, "machine.memory"sv},
    std::pair{"--no-input"sv, "console.input"sv},
};

}  // namespace

std::vector<ConfigOverride> config_overrides(const Arguments& arguments) {
  std::vector<ConfigOverride> out;
  for (const Arguments::Option& option : arguments.options) {
    if (option.name == "--set") {
      out.push_back(parse_set_argument(option.value));
      continue;
    }
    const auto* form = std::find_if(kShortForms.begin(), kShortForms.end(),
                                    [&](const auto& each) { return each.first == option.name; });
    if (form == kShortForms.end()) continue;
    const bool flag = option.name == "--no-input";
    out.push_back({.key = std::string(form->second),
                   .value = flag ? "false" : option.value,
                   .label = flag ? option.name : fmt::format("{} {}", option.name, option.value)});
  }
  return out;
}

}  // namespace skiff
