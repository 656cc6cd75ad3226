// The POST code port: firmware and early kernels write how far they have come.
//
// Document: IBM PC AT Technical Reference (1984), "Manufacturing test port".
//
// Modelled: the last code and a count of all; a read gives the last one.
//
// Bus: one byte, at port 0x80. Guests write here as a delay too, so nothing is locked or logged.
// Config example: none, every PC has one (vmm/board).
//
// Thread rule: any threads at once; code and count are one atomic word, so that they agree.
#pragma once

#include <atomic>
#include <string>

#include "vmm/base/log.h"
#include "vmm/io/io_device.h"

namespace skiff {

class PostCode final : public IoDevice {
 public:
  struct State {
    std::uint8_t last_code = 0;
    std::uint64_t count = 0;  // modulo 2^56
    friend bool operator==(const State&, const State&) = default;
  };

  explicit PostCode(std::string name);

  std::string_view name() const override { return name_; }
  IoStatus read(IoAccess access, std::uint64_t& value) override;
  IoStatus write(IoAccess access, std::uint64_t value) override;
  std::string_view register_name(std::uint64_t offset, bool is_write) const override;

  State state() const;
  void restore(const State& state);
  void reset() { restore(State{}); }
  std::uint64_t guest_faults() const { return faults_.count(); }

 private:
  bool check(IoAccess access, IoStatus& status);

  const std::string name_;
  std::atomic<std::uint64_t> count_and_code_{0};  // count << 8 | code
  GuestFaultLog faults_;
};

}  // namespace skiff
