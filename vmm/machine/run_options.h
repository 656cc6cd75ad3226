// What `skiff run` was asked beside the machine itself.
#pragma once

namespace skiff {

enum class StatsFormat {
  none,
  table,  // the exit ledger as a table on stderr when the machine has ended
  json,   // the same as one JSON object on stderr
};

struct RunOptions {
  StatsFormat stats = StatsFormat::none;
};

}  // namespace skiff
