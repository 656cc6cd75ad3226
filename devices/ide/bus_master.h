// The bus master's half of a channel: its registers, and the way through a table of physical region
// descriptors (PRDs) in the guest's RAM.
//
// Nothing of a table is believed: each descriptor is read once, each piece of memory is looked up
// when it is used, a table ends at the latest where it would cross 64 KiB.
//
// Thread rule: none of its own; guarded by the channel's mutex.
// Source: see bus_master_regs.h.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "vmm/io/guest_memory.h"

namespace skiff {

// The regions of a table, one piece after the other.
class PrdWalker {
 public:
  enum class Look : std::uint8_t {
    piece,
    end,    // the last region is used up
    wrong,  // the table or a region is not RAM, or the table has no end
  };

  PrdWalker() = default;
  explicit PrdWalker(std::uint32_t table)
      : next_(table), border_((std::uint64_t{table} | 0xffff) + 1) {}

  // What comes next, after reading a descriptor if need be: `left` bytes at `address`.
  Look look(const GuestMemory& memory);
  GuestAddress address() const { return GuestAddress(address_); }
  std::uint32_t left() const { return left_; }
  void take(std::uint32_t bytes);  // at most left()
  // The last region is used up.
  bool is_at_end() const { return is_last_ && left_ == 0; }

 private:
  std::uint64_t next_ = 0;  // the descriptor after this one
  std::uint64_t border_ = 0;
  std::uint64_t address_ = 0;
  std::uint32_t left_ = 0;  // [bytes]
  bool is_last_ = false;
};

class BusMaster {
 public:
  struct State {
    std::uint8_t command = 0;
    std::uint8_t status = 0;
    std::uint32_t table = 0;
    PrdWalker walker{};
  };

  State& state() { return state_; }
  const State& state() const { return state_; }

  std::uint8_t read(std::uint64_t offset) const;
  void write(std::uint64_t offset, std::uint8_t value);

  bool is_active() const;
  bool writes_memory() const;
  void set_interrupt();
  void finish();  // the table's end has been reached
  void fail();

  // The next regions as buffers: a multiple of `granule` bytes, at most `bytes`. 0: no whole
  // granule is left, and the engine has stopped; `out` is used from its start.
  struct Gathered {
    std::size_t buffers = 0;
    std::uint64_t bytes = 0;
  };
  Gathered gather(const GuestMemory& memory, std::uint64_t bytes, std::uint32_t granule,
                  std::span<iovec> out);

 private:
  State state_;
};

}  // namespace skiff
