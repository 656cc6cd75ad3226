// Medians and spreads of a few runs. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace skiff::bench {

// Of one number over the runs.
struct Stat {
  double median = 0;
  double least = 0;
  double most = 0;
  std::size_t runs = 0;

  // From the least to the most, as a share of the median: 0.1 is 10 %. 0 where the median is 0.
  double spread() const { return median == 0 ? 0 : (most - least) / median; }
};

// 0 of nothing. The mean of the two in the middle of an even number.
double median_of(std::vector<double> values);
Stat stat_of(std::span<const double> values);

// Whether two numbers differ by more than their noise: their ranges (least to most) do not touch.
bool differ(const Stat& a, const Stat& b);

}  // namespace skiff::bench
