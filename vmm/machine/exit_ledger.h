// Every exit of one vCPU, counted and timed: by reason, and by device and register. Always on.
//
// The vCPU's thread is the only writer; others read at any time (relaxed atomics, so a snapshot may
// be one exit behind itself). Nothing is allocated while the guest runs: a fixed table of kRows
// rows, of which the last is the catch-all, so that a guest that touches every port costs no more
// memory than one that touches 250.
//
// What is timed is Skiff's own part of an exit: from the return of KVM_RUN to the next call of it.
// [ns]
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vmm/io/io_device.h"
#include "vmm/kvm/vcpu_exit.h"

namespace skiff {

// Whom an exit was for. `device` is null for an address nobody claims (then `offset` is the
// address) and for reasons other than port I/O and MMIO.
struct ExitKey {
  ExitReason reason = ExitReason::interrupted;
  bool is_write = false;
  const IoDevice* device = nullptr;
  std::uint64_t offset = 0;

  friend bool operator==(const ExitKey&, const ExitKey&) = default;
};

// A histogram of nanoseconds with four buckets per power of two: quantiles within 12 %.
class ExitHistogram {
 public:
  static constexpr std::size_t kBuckets = 160;  // up to 2^40 ns, 18 minutes

  static constexpr std::size_t bucket_of(std::uint64_t ns) {
    if (ns < 4) return static_cast<std::size_t>(ns);
    const auto exponent = static_cast<std::size_t>(std::bit_width(ns)) - 1;
    const auto quarter = static_cast<std::size_t>(ns >> (exponent - 2)) & 3;
    const std::size_t bucket = (exponent - 1) * 4 + quarter;
    return bucket < kBuckets ? bucket : kBuckets - 1;
  }
  // The middle of a bucket. [ns]
  static std::uint64_t value_of(std::size_t bucket);
};

class ExitLedger {
 public:
  static constexpr std::size_t kRows = 256;
  static constexpr std::size_t kRecent = 64;

  struct Row {
    ExitKey key;  // written before `count` leaves zero, never again
    std::atomic<std::uint64_t> count{0};
    std::atomic<std::uint64_t> total_ns{0};
    std::atomic<std::uint64_t> min_ns{0};
    std::atomic<std::uint64_t> max_ns{0};
    std::array<std::atomic<std::uint32_t>, ExitHistogram::kBuckets> histogram{};
  };

  // One of the last exits, for reports.
  struct Recent {
    ExitKey key;
    std::uint64_t value = 0;  // read or written; for a string instruction, its last element
    std::uint8_t width = 0;
    std::uint32_t count = 1;
  };

  ExitLedger();
  ~ExitLedger();
  ExitLedger(const ExitLedger&) = delete;
  ExitLedger& operator=(const ExitLedger&) = delete;

  // The vCPU's thread only.
  void record(const ExitKey& key, std::uint64_t ns) noexcept;
  void remember(const Recent& recent) noexcept {
    recent_[recent_count_ % kRecent] = recent;
    ++recent_count_;
  }

  // Rows in use, the catch-all (a key of null device and reason `interrupted` at kRows - 1) last.
  // Any thread.
  std::vector<const Row*> rows() const;
  // Oldest first. The vCPU's thread, or any while that thread is parked or has ended.
  std::vector<Recent> recent() const;
  static bool is_catch_all(const Row& row) { return row.key.offset == kCatchAll; }

 private:
  static constexpr std::uint64_t kCatchAll = ~0ULL;

  Row& find(const ExitKey& key) noexcept;

  Row* const rows_;  // kRows of them, in zero pages that become real when a row is first used
  Row* last_ = nullptr;
  std::size_t used_ = 0;
  std::array<Recent, kRecent> recent_{};
  std::uint64_t recent_count_ = 0;
};

}  // namespace skiff
