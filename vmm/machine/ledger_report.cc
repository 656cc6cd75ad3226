#include "vmm/machine/ledger_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <tuple>
#include <unordered_map>

namespace skiff {
namespace {

struct KeyHash {
  std::size_t operator()(const ExitKey& key) const {
    std::size_t hash = std::hash<const void*>{}(key.device);
    hash = hash * 31 + std::hash<std::uint64_t>{}(key.offset);
    return hash * 31 + static_cast<std::size_t>(key.reason) * 2 + (key.is_write ? 1 : 0);
  }
};

bool is_access(ExitReason reason) {
  return reason == ExitReason::port_io || reason == ExitReason::mmio;
}

std::string register_text(const ExitKey& key) {
  if (key.device == nullptr) return fmt::format("{:#x}", key.offset);
  const std::string_view name = key.device->register_name(key.offset, key.is_write);
  return name.empty() ? fmt::format("+{:#x}", key.offset) : std::string(name);
}

LedgerReport::Register describe(const ExitKey& key, bool is_catch_all) {
  LedgerReport::Register row;
  row.reason = key.reason;
  row.is_catch_all = is_catch_all;
  if (is_catch_all) {
    row.device = row.reg = "(others)";
    return row;
  }
  if (!is_access(key.reason)) {
    row.device = row.reg = "-";
    return row;
  }
  row.has_direction = true;
  row.is_write = key.is_write;
  row.is_claimed = key.device != nullptr;
  row.offset = key.offset;
  row.device = key.device != nullptr ? std::string(key.device->name()) : "(nobody)";
  row.reg = register_text(key);
  return row;
}

// Most time first, then most exits; the rest makes the order the same every time.
bool before(const LedgerReport::Register& a, const LedgerReport::Register& b) {
  if (a.is_catch_all != b.is_catch_all) return b.is_catch_all;
  const auto rank = [](const LedgerReport::Register& row) {
    return std::tie(row.exits.total_ns, row.exits.count);
  };
  if (rank(a) != rank(b)) return rank(a) > rank(b);
  return std::tie(a.reason, a.device, a.offset, a.is_write) <
         std::tie(b.reason, b.device, b.offset, b.is_write);
}

std::vector<LedgerReport::Reason> totals_by_reason(
    std::span<const LedgerReport::Register> registers) {
  std::vector<LedgerReport::Reason> reasons;
  for (const auto& row : registers) {
    auto found = std::ranges::find_if(reasons, [&](const auto& reason) {
      return reason.reason == row.reason && reason.is_catch_all == row.is_catch_all;
    });
    if (found == reasons.end()) {
      reasons.push_back({row.reason, row.is_catch_all, {}});
      found = reasons.end() - 1;
    }
    found->exits.add(row.exits);
  }
  std::ranges::sort(reasons, [](const auto& a, const auto& b) {
    if (a.is_catch_all != b.is_catch_all) return b.is_catch_all;
    return std::tie(a.exits.total_ns, a.exits.count) > std::tie(b.exits.total_ns, b.exits.count);
  });
  return reasons;
}

}  // namespace

void ExitSummary::add(const ExitLedger::Row& row) {
  ExitSummary other{.count = row.count.load(std::memory_order_acquire),
                    .total_ns = row.total_ns.load(std::memory_order_relaxed),
                    .min_ns = row.min_ns.load(std::memory_order_relaxed),
                    .max_ns = row.max_ns.load(std::memory_order_relaxed)};
  for (std::size_t bucket = 0; bucket < histogram.size(); ++bucket) {
    other.histogram[bucket] = row.histogram[bucket].load(std::memory_order_relaxed);
  }
  add(other);
}

void ExitSummary::add(const ExitSummary& other) {
  if (other.count == 0) return;
  min_ns = count == 0 ? other.min_ns : std::min(min_ns, other.min_ns);
  max_ns = std::max(max_ns, other.max_ns);
  count += other.count;
  total_ns += other.total_ns;
  for (std::size_t bucket = 0; bucket < histogram.size(); ++bucket) {
    histogram[bucket] += other.histogram[bucket];
  }
}

std::uint64_t ExitSummary::quantile_ns(double share) const {
  std::uint64_t filled = 0;
  for (const std::uint64_t bucket : histogram)
    filled += bucket;
  if (filled == 0) return 0;
  // The smallest rank that has `share` of the exits at or below it.
  const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(filled));
  const std::uint64_t rank =
      std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, filled);
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < histogram.size(); ++bucket) {
    seen += histogram[bucket];
    if (seen >= rank) {
      // Read while the vCPU runs, max may lag behind the histogram; hence no std::clamp.
      return std::min(std::max(ExitHistogram::value_of(bucket), min_ns), max_ns);
    }
  }
  return max_ns;
}

double LedgerReport::per_second(std::uint64_t count) const {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

LedgerReport::Coalesced describe_coalesced(const IoDevice* device, std::uint64_t offset,
                                           std::uint64_t count) {
  const LedgerReport::Register row = describe(
      {.reason = ExitReason::mmio, .is_write = true, .device = device, .offset = offset}, false);
  return {.device = row.device, .reg = row.reg, .count = count};
}

LedgerReport make_ledger_report(std::span<const ExitLedger* const> ledgers,
                                std::chrono::nanoseconds elapsed) {
  LedgerReport report;
  report.elapsed = elapsed;
  std::unordered_map<ExitKey, std::size_t, KeyHash> index;
  for (const ExitLedger* const ledger : ledgers) {
    ExitSummary vcpu;
    for (const ExitLedger::Row* const row : ledger->rows()) {
      ExitSummary exits;
      exits.add(*row);
      const auto [found, is_new] = index.try_emplace(row->key, report.registers.size());
      if (is_new) report.registers.push_back(describe(row->key, ExitLedger::is_catch_all(*row)));
      report.registers[found->second].exits.add(exits);
      vcpu.add(exits);
    }
    report.total.add(vcpu);
    report.vcpus.push_back(vcpu);
  }
  std::ranges::sort(report.registers, before);
  report.reasons = totals_by_reason(report.registers);
  return report;
}

std::string_view reason_name(ExitReason reason, bool is_catch_all) {
  return is_catch_all ? "(others)" : to_string(reason);
}

}  // namespace skiff
