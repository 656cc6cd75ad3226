#include "vmm/bench/figures.h"

#include <algorithm>

namespace skiff::bench {
namespace {

constexpr std::string_view kUringWorker = "iou-wrk";

std::uint64_t grown(std::uint64_t before, std::uint64_t after) {
  return after < before ? 0 : after - before;
}

struct ExitSums {
  std::uint64_t count = 0;
  std::uint64_t ns = 0;
  std::uint64_t talk = 0;  // COM1's
};

ExitSums add_exits(const CellRun& run, double requests, bool measures_com1,
                   std::vector<ExitRate>& rates) {
  ExitSums sums;
  for (const ExitCount& row : run.after.exits) {
    const auto was = std::ranges::find_if(
        run.before.exits, [&row](const ExitCount& old) { return is_same_row(old, row); });
    const bool is_new = was == run.before.exits.end();
    const std::uint64_t count = grown(is_new ? 0 : was->count, row.count);
    const std::uint64_t ns = grown(is_new ? 0 : was->total_ns, row.total_ns);
    if (is_talk(row) && !measures_com1) {
      sums.talk += count;
      continue;
    }
    if (count == 0) continue;
    sums.count += count;
    sums.ns += ns;
    rates.push_back({.reason = row.reason,
                     .device = row.device,
                     .reg = row.reg,
                     .direction = row.direction,
                     .per_request = static_cast<double>(count) / requests,
                     .ns = static_cast<double>(ns) / static_cast<double>(count)});
  }
  std::ranges::sort(rates, std::greater<>(), &ExitRate::per_request);
  return sums;
}

void add_ledger(const CellRun& run, double requests, bool measures_com1, Figures& figures) {
  const ExitSums sums = add_exits(run, requests, measures_com1, figures.exits);
  auto& metrics = figures.metrics;
  metrics[Metric::user_exits] = static_cast<double>(sums.count) / requests;
  metrics[Metric::skiff_ns] = static_cast<double>(sums.ns) / requests;
  for (const KvmCount& count : run.after.kvm) {
    const auto was = std::ranges::find(run.before.kvm, count.name, &KvmCount::name);
    const auto grew = grown(was == run.before.kvm.end() ? 0 : was->value, count.value);
    if (grew == 0) continue;
    figures.kvm.push_back(
        {.name = count.name, .per_request = static_cast<double>(grew) / requests});
    if (count.name != "exits") continue;
    const double all = static_cast<double>(grown(sums.talk, grew)) / requests;
    metrics[Metric::kvm_exits] = all;
    metrics[Metric::kernel_exits] = std::max(0.0, all - *metrics[Metric::user_exits]);
  }
}

// The scheduler's time is exact; how it is divided is told in ticks of the kernel's clock.
ThreadRate rate_of(const ThreadTime& before, const ThreadTime& after, double requests) {
  const auto user = static_cast<double>(grown(before.user_ns, after.user_ns));
  const auto system = static_cast<double>(grown(before.system_ns, after.system_ns));
  const auto run = static_cast<double>(grown(before.run_ns, after.run_ns));
  const double share = user + system == 0 ? 0 : user / (user + system);
  return {.name = label_of(after.name),
          .user_us = run * share / requests / 1e3,
          .kernel_us = run * (1 - share) / requests / 1e3};
}

void add_threads(const CellRun& run, double requests, Figures& figures) {
  if (run.after.threads.empty()) return;
  auto& metrics = figures.metrics;
  for (const Metric metric :
       {Metric::vcpu_user_us, Metric::vcpu_kernel_us, Metric::io_us, Metric::other_us}) {
    metrics[metric] = 0;
  }
  for (const ThreadTime& thread : run.after.threads) {
    const auto was = std::ranges::find(run.before.threads, thread.id, &ThreadTime::id);
    const ThreadTime none{.name = thread.name};
    const ThreadRate rate =
        rate_of(was == run.before.threads.end() ? none : *was, thread, requests);
    const double both = rate.user_us + rate.kernel_us;
    if (both == 0) continue;
    switch (role_of(thread.name)) {
      case ThreadRole::vcpu:
        *metrics[Metric::vcpu_user_us] += rate.user_us;
        *metrics[Metric::vcpu_kernel_us] += rate.kernel_us;
        break;
      case ThreadRole::io:
        *metrics[Metric::io_us] += both;
        break;
      case ThreadRole::other:
        *metrics[Metric::other_us] += both;
        break;
    }
    const auto same = std::ranges::find(figures.threads, rate.name, &ThreadRate::name);
    if (same == figures.threads.end()) {
      figures.threads.push_back(rate);
    } else {
      same->user_us += rate.user_us;
      same->kernel_us += rate.kernel_us;
    }
  }
}

}  // namespace

bool is_talk(const ExitCount& row) {
  return row.device == "com1" && row.reg != "SCR";
}

std::string label_of(std::string_view name) {
  return std::string(name.starts_with(kUringWorker) ? kUringWorker : name);
}

ThreadRole role_of(std::string_view name) {
  const auto begins = [name](std::string_view with) { return name.starts_with(with); };
  if (begins("vcpu") || begins("CPU ") || begins("fc_vcpu")) return ThreadRole::vcpu;
  if (begins("skiff/") || begins("IO ") || begins("firecracker") || begins("_") ||
      begins(kUringWorker)) {
    return ThreadRole::io;
  }
  return ThreadRole::other;
}

double ns_of_cycles(std::uint64_t cycles, std::uint64_t tsc_khz) {
  if (tsc_khz == 0) return 0;
  return static_cast<double>(cycles) * 1e6 / static_cast<double>(tsc_khz);
}

Figures figures_of(const CellRun& run, bool measures_com1) {
  Figures figures;
  if (run.done.requests == 0) return figures;
  const auto requests = static_cast<double>(run.done.requests);
  const auto ns = [&run](std::uint64_t cycles) { return ns_of_cycles(cycles, run.tsc_khz); };
  auto& metrics = figures.metrics;
  if (!run.instructions.empty()) {
    std::vector<std::uint64_t> counts = run.instructions;
    std::ranges::nth_element(counts,
                             counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2));
    metrics[Metric::instructions] = static_cast<double>(counts[counts.size() / 2]);
    return figures;
  }
  metrics[Metric::p50_ns] = ns(run.latency.p50);
  metrics[Metric::p90_ns] = ns(run.latency.p90);
  metrics[Metric::p99_ns] = ns(run.latency.p99);
  metrics[Metric::p999_ns] = ns(run.latency.p999);
  const double seconds = ns(run.done.cycles) / 1e9;
  if (seconds > 0) {
    metrics[Metric::requests_per_second] = requests / seconds;
    if (run.done.bytes != 0) {
      metrics[Metric::megabytes_per_second] = static_cast<double>(run.done.bytes) / 1e6 / seconds;
    }
  }
  metrics[Metric::interrupts] = static_cast<double>(run.done.interrupts) / requests;
  if (run.done.kicks) metrics[Metric::kicks] = static_cast<double>(*run.done.kicks) / requests;
  if (run.after.has_ledger) add_ledger(run, requests, measures_com1, figures);
  add_threads(run, requests, figures);
  return figures;
}

}  // namespace skiff::bench
