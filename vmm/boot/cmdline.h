// The kernel's command line.
#pragma once

#include <cstdint>
#include <string_view>

namespace skiff {

// What a Linux guest is given where the user says nothing: shows the kernel's log on COM1 and
// changes no policy (no panic=, no quiet; see docs/boot.md).
inline constexpr std::string_view kLinuxDefaultCmdline = "console=ttyS0";
// Where the protocol sets no limit: enough for any guest, small enough for low memory. [bytes]
inline constexpr std::uint64_t kMaxCmdline = 4095;

// Throws ConfigError for a NUL or line break in it and for more than `limit` bytes (without the
// terminating NUL), saying by how many.
void check_cmdline(std::string_view cmdline, std::uint64_t limit);

}  // namespace skiff
