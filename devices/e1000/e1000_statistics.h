// The statistics registers: each counts up to its end and stays there, and is cleared when it is
// read; the 64-bit ones when their upper half is.
//
// Thread rule: any thread.
// Source: manual, 13.7.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "devices/e1000/e1000_regs.h"

namespace skiff {

class E1000Statistics {
 public:
  // By their registers' offsets.
  enum Counter : std::uint32_t {
    crcerrs = 0x4000,  // never: the wire brings frames without a check sequence
    mpc = 0x4010,      // missed: there was no room
    prc64 = 0x405c,    // and those of the next sizes behind it
    gprc = 0x4074,
    bprc = 0x4078,
    mprc = 0x407c,
    gptc = 0x4080,
    gorc = 0x4088,
    gotc = 0x4090,
    rnbc = 0x40a0,  // no buffers: a frame had to wait for them
    ruc = 0x40a4,
    roc = 0x40ac,
    tor = 0x40c0,
    tot = 0x40c8,
    tpr = 0x40d0,
    tpt = 0x40d4,
    ptc64 = 0x40d8,
    mptc = 0x40f0,
    bptc = 0x40f4,
    tsctc = 0x40f8,   // segmented packets
    tsctfc = 0x40fc,  // ... that could not be
  };

  void add(std::uint32_t counter, std::uint64_t more) {
    counters_[index(counter)].fetch_add(more, std::memory_order_relaxed);
  }
  // `size`: with the check sequence. To the counter of its size behind `first`. [bytes]
  void add_size(std::uint32_t first, std::size_t size, std::uint64_t frames = 1) {
    add(first + 4 * size_class(size), frames);
  }

  std::uint32_t read(std::uint32_t offset) {
    if (is_pair(offset & ~4U)) {
      std::atomic<std::uint64_t>& counter = counters_[index(offset & ~4U)];
      if ((offset & 4) == 0) return static_cast<std::uint32_t>(counter.load());
      return static_cast<std::uint32_t>(counter.exchange(0) >> 32);
    }
    const std::uint64_t value = counters_[index(offset)].exchange(0);
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
  }
  void reset() {
    for (std::atomic<std::uint64_t>& counter : counters_)
      counter.store(0);
  }

 private:
  static constexpr std::size_t kCount = (e1000::kStatisticsEnd - e1000::kStatistics) / 4;

  static bool is_pair(std::uint32_t offset) {
    return offset == gorc || offset == gotc || offset == tor || offset == tot;
  }
  static std::size_t index(std::uint32_t offset) {
    return (offset - e1000::kStatistics) / 4 % kCount;
  }
  static std::uint32_t size_class(std::size_t size) {
    constexpr std::array<std::size_t, 5> kUpTo = {64, 127, 255, 511, 1023};
    std::uint32_t at = 0;
    while (at < kUpTo.size() && size > kUpTo[at])
      ++at;
    return at;
  }

  std::array<std::atomic<std::uint64_t>, kCount> counters_{};
};

}  // namespace skiff
