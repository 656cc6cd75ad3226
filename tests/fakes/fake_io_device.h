// A device that remembers every access and answers as it is told.
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vmm/io/io_device.h"

namespace skiff {

class FakeIoDevice final : public IoDevice {
 public:
  struct Seen {
    bool is_write = false;
    std::uint64_t offset = 0;
    std::uint8_t width = 0;
    std::uint64_t value = 0;  // written; 0 for a read

    friend bool operator==(const Seen&, const Seen&) = default;
  };

  explicit FakeIoDevice(std::string name) : name_(std::move(name)) {}

  std::string_view name() const override { return name_; }
  std::uint64_t ledger_offset(std::uint64_t offset) const override {
    return offset < table ? offset : table;
  }
  IoStatus read(IoAccess access, std::uint64_t& value) override {
    const IoStatus answer = next_status();
    if (answer == IoStatus::busy) return answer;
    seen.push_back({false, access.offset, access.width, 0});
    if (answer == IoStatus::ok || write_value_anyway) value = next_value;
    next_value += step;
    return answer;
  }
  IoStatus write(IoAccess access, std::uint64_t value) override {
    const IoStatus answer = next_status();
    if (answer != IoStatus::busy) seen.push_back({true, access.offset, access.width, value});
    return answer;
  }

  std::vector<Seen> seen;        // accesses that were not answered `busy`
  std::uint64_t table = ~0ULL;   // from there on all registers are one to the ledger
  std::uint64_t next_value = 0;  // what the next read gives,
  std::uint64_t step = 0;        // and by how much it grows with each
  IoStatus status = IoStatus::ok;
  bool write_value_anyway = false;  // breaks the contract: touches `value` without an `ok`
  int ok_before_busy = -1;          // so many accesses, then `busy` once; -1: never busy
  int busy_answers = 0;             // how often `busy` was said

 private:
  IoStatus next_status() {
    if (ok_before_busy == 0) {
      ok_before_busy = -1;
      ++busy_answers;
      return IoStatus::busy;
    }
    if (ok_before_busy > 0) --ok_before_busy;
    return status;
  }

  const std::string name_;
};

}  // namespace skiff
