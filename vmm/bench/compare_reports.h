// Two reports side by side: what has changed by more than the runs of each differ. Pure.
#pragma once

#include <string>
#include <vector>

#include "vmm/bench/report.h"

namespace skiff::bench {

enum class Verdict : std::uint8_t { better, worse, noise };

struct Change {
  std::string id;  // of the cell
  std::string monitor;
  Metric metric = Metric::p50_ns;
  Stat before{};
  Stat after{};
  Verdict verdict = Verdict::noise;

  // 0.1 is 10 % more. 0 where it was 0 before.
  double share() const {
    return before.median == 0 ? 0 : (after.median - before.median) / before.median;
  }
};

// Of cells that both have, the judged metrics: those that differ beyond noise, which is where the
// ranges of the runs do not touch and the medians differ by at least 2 %; largest share first.
std::vector<Change> changes_of(const Report& before, const Report& after);

std::string compare_reports_text(const Report& before, const Report& after);

}  // namespace skiff::bench
