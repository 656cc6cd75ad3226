#include "vmm/cli/config_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "vmm/cli/command_line.h"

namespace skiff {
namespace {

using namespace std::string_view_literals;

constexpr std::array kShortForms = {
    std::pair{"--kernel"sv, "boot.kernel"sv},     std::pair{"--initrd"sv, "boot.initrd"sv},
    std::pair{"--cmdline"sv, "boot.cmdline"sv},   std::pair{"--protocol"sv, "boot.protocol"sv},
    std::pair{"--vcpus"sv, "machine.vcpus"sv},    std::pair{"--memory"sv, "machine.memory"sv},
    std::pair{"--no-input"sv, "console.input"sv},
};

// --disk PATH[,ro]: a section more.
void add_disk(const std::string& value, std::vector<ConfigOverride>& out) {
  constexpr std::string_view kReadOnly = ",ro";
  const bool read_only = value.ends_with(kReadOnly);
  const std::string path = value.substr(0, value.size() - (read_only ? kReadOnly.size() : 0));
  const std::string label = fmt::format("--disk {}", value);
  out.push_back({.key = "disk.+.path", .value = path, .label = label});
  if (read_only) out.push_back({.key = "disk.-.read_only", .value = "true", .label = label});
}

// --net user, --net tap=NAME.
void add_net(const std::string& value, std::vector<ConfigOverride>& out) {
  const std::string label = fmt::format("--net {}", value);
  const auto equals = value.find('=');
  const std::string type = value.substr(0, equals);
  if ((type == "user") != (equals == std::string::npos) || (type != "user" && type != "tap")) {
    throw UsageError(fmt::format("--net is \"{}\"; it must be user or tap=NAME", value));
  }
  out.push_back({.key = "net.+.type", .value = type, .label = label});
  if (equals != std::string::npos) {
    out.push_back({.key = "net.-.tap", .value = value.substr(equals + 1), .label = label});
  }
}

}  // namespace

std::vector<ConfigOverride> config_overrides(const Arguments& arguments) {
  std::vector<ConfigOverride> out;
  for (const Arguments::Option& option : arguments.options) {
    if (option.name == "--set") {
      out.push_back(parse_set_argument(option.value));
      continue;
    }
    if (option.name == "--disk") add_disk(option.value, out);
    if (option.name == "--net") add_net(option.value, out);
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
