// The program's exit statuses in words, for help and man page; the numbers are those of
// vmm/base/exit_status.h.
#pragma once

#include <span>
#include <string_view>

namespace skiff {

struct ExitStatusText {
  std::string_view number;
  std::string_view meaning;
};

std::span<const ExitStatusText> exit_status_texts();

}  // namespace skiff
