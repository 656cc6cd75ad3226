// What the ledgers of all vCPUs say together: merged, sorted, named; as a table or as JSON.
// The columns, the schema and the cost are described in docs/ledger.md.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vmm/kvm/kvm_stats.h"
#include "vmm/machine/exit_ledger.h"

namespace skiff {

// Counts and times of a set of exits. Times are Skiff's part of an exit. [ns]
struct ExitSummary {
  std::uint64_t count = 0;
  std::uint64_t total_ns = 0;
  std::uint64_t min_ns = 0;
  std::uint64_t max_ns = 0;
  std::array<std::uint64_t, ExitHistogram::kBuckets> histogram{};

  void add(const ExitLedger::Row& row);
  void add(const ExitSummary& other);
  std::uint64_t mean_ns() const { return count == 0 ? 0 : total_ns / count; }
  // The value below which `share` (0 to 1) of the exits lie, within an eighth; never outside
  // [min_ns, max_ns].
  std::uint64_t quantile_ns(double share) const;
};

struct LedgerReport {
  struct Register {
    ExitReason reason = ExitReason::interrupted;
    bool is_catch_all = false;  // what found no row of its own; device and reg are "(others)"
    bool has_direction = false;
    bool is_write = false;
    bool is_claimed = false;  // a device answered; if not, `offset` is the address
    std::uint64_t offset = 0;
    std::string device;  // "-" where there is none
    std::string reg;     // specification's name, else hexadecimal; "-" where there is none
    ExitSummary exits;
  };
  struct Reason {
    ExitReason reason = ExitReason::interrupted;
    bool is_catch_all = false;
    ExitSummary exits;
  };

  std::chrono::nanoseconds elapsed{0};
  ExitSummary total;
  std::vector<Reason> reasons;      // by total time, then count, descending
  std::vector<Register> registers;  // the same; the catch-all last
  std::vector<ExitSummary> vcpus;   // in the order given
  // Writes that were no exits, because KVM collected them.
  struct Coalesced {
    std::string device;
    std::string reg;
    std::uint64_t count = 0;
  };
  std::vector<Coalesced> coalesced{};
  // What KVM itself has counted, of all vCPUs together and of the VM; also exits that never came
  // here. Empty where the kernel does not tell.
  std::vector<KvmCount> kvm{};

  double per_second(std::uint64_t count) const;
};

// Names are copied here: call it while the devices are alive. The vCPUs may be running; then each
// number is right to within the exits of that moment.
LedgerReport make_ledger_report(std::span<const ExitLedger* const> ledgers,
                                std::chrono::nanoseconds elapsed);

// One row of LedgerReport::coalesced; `device` null: nobody, or the rest.
LedgerReport::Coalesced describe_coalesced(const IoDevice* device, std::uint64_t offset,
                                           std::uint64_t count);

// The table of `skiff run --stats`.
std::string to_table(const LedgerReport& report);
// One JSON object on one line, ended by a newline: `--stats=json`.
std::string to_json(const LedgerReport& report);

// "port I/O", ..., "(others)": the name of a row's reason in both.
std::string_view reason_name(ExitReason reason, bool is_catch_all);

}  // namespace skiff
