// The numbers of a cell: one list that the table, JSON, HTML page and comparison are written from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace skiff::bench {

enum class Metric : std::uint8_t {
  p50_ns,  // of a request, submitted to seen complete
  p90_ns,
  p99_ns,
  p999_ns,
  requests_per_second,
  megabytes_per_second,  // of 10^6 bytes; nothing where a request carries none
  user_exits,            // per request, to Skiff, without COM1's
  kernel_exits,          // per request, that KVM dealt with itself: kvm_exits - user_exits
  skiff_ns,              // per request, Skiff's own part of its exits (the ledger's time)
  interrupts,            // per request, that the guest took of the device
  kicks,                 // per request, that the guest rang the device's bell
  vcpu_user_us,          // processor time per request: the guest and Skiff's part of exits
  vcpu_kernel_us,        // of the same threads: KVM and system calls
  io_us,                 // of the I/O threads
  other_us,              // of everything else in the process
  instructions,          // of the vCPU's thread outside the guest and the kernel, per exit
  kvm_exits,             // per request, all that KVM has counted, without COM1's to Skiff
};
inline constexpr std::size_t kMetrics = 17;

struct MetricSpec {
  Metric metric = Metric::p50_ns;
  std::string_view key;    // in JSON
  std::string_view title;  // of a column
  std::string_view unit;
  bool more_is_better = false;
  bool is_judged = true;  // by `skiff bench compare`
};
std::span<const MetricSpec> metric_specs();
const MetricSpec& spec_of(Metric metric);

template <typename T>
struct PerMetric {
  std::array<std::optional<T>, kMetrics> values{};

  std::optional<T>& operator[](Metric metric) { return values[static_cast<std::size_t>(metric)]; }
  const std::optional<T>& operator[](Metric metric) const {
    return values[static_cast<std::size_t>(metric)];
  }
};

}  // namespace skiff::bench
