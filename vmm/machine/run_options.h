// What `skiff run` was asked beside the machine itself.
#pragma once

#include <functional>
#include <string>

#include "vmm/base/log.h"

namespace skiff {

enum class StatsFormat {
  none,
  table,  // the exit ledger as a table on stderr when the machine has ended
  json,   // the same as one JSON object on stderr
};

struct RunOptions {
  StatsFormat stats = StatsFormat::none;
  // Of the run directory; empty: none, and the machine is controlled by its console and by signals
  // alone.
  std::string name{};
  std::string config_path{};  // absolute; empty: there was no file
  // Skiff's own messages go to the run directory's skiff.log from this level on; off: where they
  // went before.
  LogLevel run_log = LogLevel::off;
  // Where the console's output is logged, absolute; empty: in the run directory, if there is one.
  std::string console_log{};
  // The console is not on stdin and stdout, but for whoever attaches.
  bool detached = false;
  // Once, when the first guest runs and can be controlled.
  std::function<void()> on_running{};
};

}  // namespace skiff
