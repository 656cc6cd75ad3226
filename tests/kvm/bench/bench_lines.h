// What a program of `skiff bench` says on COM1, read as strictly as docs/guest.md describes it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace skiff::test {

struct BenchCellLines {
  std::string face;
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
  std::uint64_t cycles = 0;
  std::uint64_t kicks = 0;
  std::uint64_t interrupts = 0;
  std::uint64_t failed = 0;
  std::vector<std::uint64_t> latency{};  // p50 p90 p99 p999 max
  std::vector<std::pair<std::uint64_t, std::uint64_t>> histogram{};
};

struct BenchLines {
  std::uint64_t tsc_khz = 0;
  std::map<std::string, BenchCellLines> cells{};
  std::map<std::string, std::string> skipped{};  // why
  std::map<std::string, std::string> failed{};
  bool ended = false;
  std::string error{};  // the first line that should not be, and why
};

// Lines of `x` (bench-console's text) are passed over.
BenchLines read_bench_lines(const std::string& out, const std::string& program);

}  // namespace skiff::test
