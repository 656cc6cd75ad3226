#include "vmm/boot/cmdline.h"

#include <fmt/format.h>

#include "vmm/base/error.h"

namespace skiff {

void check_cmdline(std::string_view cmdline, std::uint64_t limit) {
  for (std::size_t i = 0; i < cmdline.size(); ++i) {
    const char c = cmdline[i];
    if (c != '\0' && c != '\n' && c != '\r') continue;
    throw ConfigError(fmt::format(
        "boot.cmdline holds a {} at character {}; the kernel would take what follows for nothing",
        c == '\0' ? "NUL" : "line break", i + 1));
  }
  if (cmdline.size() > limit) {
    throw ConfigError(
        fmt::format("boot.cmdline is {} bytes long, this kernel takes {}; shorten it by {}",
                    cmdline.size(), limit, cmdline.size() - limit));
  }
}

}  // namespace skiff
