// What one run of one cell gave, before any arithmetic: the guest's words, and the host's counters
// at the two points where the guest held still.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vmm/bench/guest_words.h"
#include "vmm/kvm/kvm_stats.h"

namespace skiff::bench {

// A row of the ledger. `device`, `reg` and `direction` are "-" where there is none.
struct ExitCount {
  std::string reason;
  std::string device;
  std::string reg;
  std::string direction;
  std::uint64_t count = 0;
  std::uint64_t total_ns = 0;  // Skiff's part
};
inline bool is_same_row(const ExitCount& a, const ExitCount& b) {
  return a.reason == b.reason && a.device == b.device && a.reg == b.reg &&
         a.direction == b.direction;
}

struct ThreadTime {
  std::uint64_t id = 0;
  std::string name;             // as the host shows it
  std::uint64_t run_ns = 0;     // by the scheduler, exact
  std::uint64_t user_ns = 0;    // with its guest's time; in ticks of the kernel's clock
  std::uint64_t system_ns = 0;  // likewise
};

struct Snapshot {
  // Of a Skiff that answers; nothing of another monitor.
  bool has_ledger = false;
  std::vector<ExitCount> exits{};
  std::vector<KvmCount> kvm{};  // empty: the kernel does not tell
  std::vector<ThreadTime> threads{};
};

struct CellRun {
  std::string cell;
  std::uint64_t tsc_khz = 0;
  std::string face{};
  Snapshot before{};
  Snapshot after{};
  GuestDone done{};
  GuestLatency latency{};
  std::vector<LatencyBucket> histogram{};
  // Of the vCPU's thread between two entries of the guest, for each exit looked at. Not empty: the
  // run was slowed down by counting them, and its times mean nothing.
  std::vector<std::uint64_t> instructions{};
  std::string trouble{};    // why there is nothing: what the guest or the runner said
  bool is_skipped = false;  // the device cannot do it; else, with `trouble`, it failed

  bool has_numbers() const { return trouble.empty(); }
};

}  // namespace skiff::bench
