#include "vmm/bench/statistics.h"

#include <algorithm>

namespace skiff::bench {

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

Stat stat_of(std::span<const double> values) {
  if (values.empty()) return {};
  const auto [least, most] = std::ranges::minmax(values);
  return {.median = median_of({values.begin(), values.end()}),
          .least = least,
          .most = most,
          .runs = values.size()};
}

bool differ(const Stat& a, const Stat& b) {
  return a.least > b.most || b.least > a.most;
}

}  // namespace skiff::bench
