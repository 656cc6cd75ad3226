// Any bytes as a configuration, the part after the first zero byte as a --set: no crash, no hang,
// and every error can be rendered.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/machine/config_file.h"
#include "vmm/machine/config_keys.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto zero = input.find('\0');
  const std::string_view text = input.substr(0, zero);
  std::vector<skiff::ConfigOverride> overrides;
  std::vector<std::string> labels;
  if (zero != std::string_view::npos) {
    overrides.push_back(skiff::parse_set_argument(std::string(input.substr(zero + 1))));
    labels.push_back(overrides.back().label);
  }
  const skiff::ConfigPaths paths{.directory = "/vm", .check_files = false};
  const auto result = skiff::read_config(text, overrides, skiff::config_facts(), paths);
  for (const auto& error : result.errors) {
    if (skiff::render_diagnostic(error, "vm.toml", text, labels).empty()) std::abort();
  }
  // What came through without an error keeps its promises.
  if (result.errors.empty()) {
    const auto& config = result.config;
    const bool sound = !config.boot.kernel.empty() && config.machine.vcpus >= 1 &&
                       config.machine.memory >= skiff::kMinConfigMemory &&
                       config.machine.memory % skiff::kPageSize == 0 && !config.serial.empty() &&
                       config.serial[0].unit == 1;
    if (!sound) std::abort();
  }
  return 0;
}
