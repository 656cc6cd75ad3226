#include "vmm/bench/metrics.h"

namespace skiff::bench {
namespace {

// In the order of the enumeration.
constexpr auto kSpecs = std::to_array<MetricSpec>({
    {.metric = Metric::p50_ns, .key = "p50_ns", .title = "p50", .unit = "ns"},
    {.metric = Metric::p90_ns, .key = "p90_ns", .title = "p90", .unit = "ns"},
    {.metric = Metric::p99_ns, .key = "p99_ns", .title = "p99", .unit = "ns"},
    {.metric = Metric::p999_ns,
     .key = "p999_ns",
     .title = "p99.9",
     .unit = "ns",
     .is_judged = false},
    {.metric = Metric::requests_per_second,
     .key = "requests_per_second",
     .title = "req/s",
     .unit = "1/s",
     .more_is_better = true},
    {.metric = Metric::megabytes_per_second,
     .key = "megabytes_per_second",
     .title = "MB/s",
     .unit = "MB/s",
     .more_is_better = true},
    {.metric = Metric::user_exits, .key = "user_exits", .title = "exits", .unit = "per request"},
    {.metric = Metric::kernel_exits,
     .key = "kernel_exits",
     .title = "kernel exits",
     .unit = "per request"},
    {.metric = Metric::skiff_ns, .key = "skiff_ns", .title = "in Skiff", .unit = "ns"},
    {.metric = Metric::interrupts, .key = "interrupts", .title = "irqs", .unit = "per request"},
    {.metric = Metric::kicks, .key = "kicks", .title = "kicks", .unit = "per request"},
    {.metric = Metric::vcpu_user_us, .key = "vcpu_user_us", .title = "vCPU user", .unit = "us"},
    {.metric = Metric::vcpu_kernel_us,
     .key = "vcpu_kernel_us",
     .title = "vCPU kernel",
     .unit = "us"},
    {.metric = Metric::io_us, .key = "io_us", .title = "I/O thread", .unit = "us"},
    {.metric = Metric::other_us, .key = "other_us", .title = "other", .unit = "us"},
    {.metric = Metric::instructions,
     .key = "instructions",
     .title = "instructions",
     .unit = "per exit"},
    {.metric = Metric::kvm_exits,
     .key = "kvm_exits",
     .title = "KVM's exits",
     .unit = "per request",
     .is_judged = false},
});
static_assert(kSpecs.size() == kMetrics);

constexpr bool in_order() {
  for (std::size_t i = 0; i < kSpecs.size(); ++i) {
    if (static_cast<std::size_t>(kSpecs[i].metric) != i) return false;
  }
  return true;
}
static_assert(in_order());

}  // namespace

std::span<const MetricSpec> metric_specs() {
  return kSpecs;
}

const MetricSpec& spec_of(Metric metric) {
  return kSpecs[static_cast<std::size_t>(metric)];
}

}  // namespace skiff::bench
