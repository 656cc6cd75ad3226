#include "vmm/machine/exit_ledger.h"

#include <sys/mman.h>

#include <cerrno>
#include <new>

#include "vmm/base/error.h"

namespace skiff {
namespace {

constexpr std::size_t kBytes = ExitLedger::kRows * sizeof(ExitLedger::Row);
// Rows are found by linear probing; beyond this fill the catch-all takes what is new.
constexpr std::size_t kMaxUsed = ExitLedger::kRows - 8;

// Rows are used straight from zero pages: a page nobody's row is on is never touched. That is sound
// since an all-zero Row is a valid, empty one.
ExitLedger::Row* map_rows() {
  void* const memory =
      ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw HostError::from_errno("cannot map the exit ledger", errno);
  return static_cast<ExitLedger::Row*>(memory);
}

std::size_t hash(const ExitKey& key) {
  std::uint64_t mixed = reinterpret_cast<std::uintptr_t>(key.device) >> 4;
  mixed ^= key.offset * 0x9e37'79b9'7f4a'7c15ULL;
  mixed ^= static_cast<std::uint64_t>(key.reason) << 8 | (key.is_write ? 1U : 0U);
  mixed *= 0xff51'afd7'ed55'8ccdULL;
  return static_cast<std::size_t>(mixed >> 40);
}

void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
  // One writer: a plain add that readers see whole, without a locked instruction.
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

}  // namespace

std::uint64_t ExitHistogram::value_of(std::size_t bucket) {
  if (bucket < 4) return bucket;
  const std::size_t exponent = bucket / 4 + 1;
  const std::uint64_t quarter = 1ULL << (exponent - 2);
  return (1ULL << exponent) + quarter * (bucket % 4) + quarter / 2;
}

ExitLedger::ExitLedger() : rows_(map_rows()) {
  // Never dereferenced as "empty": an impossible key for the row that takes what finds no place.
  last_ = &rows_[kRows - 1];
  last_->key.offset = kCatchAll;
}

ExitLedger::~ExitLedger() {
  ::munmap(rows_, kBytes);
}

ExitLedger::Row& ExitLedger::find(const ExitKey& key) noexcept {
  if (last_->key == key) return *last_;
  std::size_t index = hash(key) % (kRows - 1);
  for (std::size_t probes = 0; probes < kRows - 1; ++probes) {
    Row& row = rows_[index];
    if (row.count.load(std::memory_order_relaxed) == 0) {
      if (used_ == kMaxUsed) break;
      ++used_;
      row.key = key;
      return *(last_ = &row);
    }
    if (row.key == key) return *(last_ = &row);
    index = index + 1 == kRows - 1 ? 0 : index + 1;
  }
  return rows_[kRows - 1];
}

void ExitLedger::record(const ExitKey& key, std::uint64_t ns) noexcept {
  Row& row = find(key);
  const std::uint64_t count = row.count.load(std::memory_order_relaxed);
  if (count == 0 || ns < row.min_ns.load(std::memory_order_relaxed)) {
    row.min_ns.store(ns, std::memory_order_relaxed);
  }
  if (ns > row.max_ns.load(std::memory_order_relaxed)) {
    row.max_ns.store(ns, std::memory_order_relaxed);
  }
  add(row.total_ns, ns);
  auto& bucket = row.histogram[ExitHistogram::bucket_of(ns)];
  bucket.store(bucket.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  // Last, so that a reader that sees the row counted sees its key too.
  row.count.store(count + 1, std::memory_order_release);
}

std::vector<const ExitLedger::Row*> ExitLedger::rows() const {
  std::vector<const Row*> result;
  for (std::size_t index = 0; index < kRows; ++index) {
    if (rows_[index].count.load(std::memory_order_acquire) != 0) result.push_back(&rows_[index]);
  }
  return result;
}

std::vector<ExitLedger::Recent> ExitLedger::recent() const {
  std::vector<Recent> result;
  const std::uint64_t oldest = recent_count_ > kRecent ? recent_count_ - kRecent : 0;
  for (std::uint64_t at = oldest; at < recent_count_; ++at) {
    result.push_back(recent_[at % kRecent]);
  }
  return result;
}

}  // namespace skiff
