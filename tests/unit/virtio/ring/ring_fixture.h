// A guest memory, a driver and the device's queue, for the tests of the ring.
#pragma once

#include <array>
#include <ostream>

#include "tests/fakes/driver_queue.h"
#include "virtio/ring/virtqueue.h"
#include "vmm/base/bits.h"

namespace skiff::ring_test {

// Two regions that touch, and nothing behind them.
inline constexpr std::array<Range, 2> kRam = {Range{0, 1 * MiB}, Range{1 * MiB, 1 * MiB}};
inline constexpr std::uint64_t kRamEnd = 2 * MiB;
inline constexpr GuestAddress kBase{0x1000};
inline constexpr GuestAddress kBuffers{0x80000};

struct Format {
  bool packed;
  bool indirect;  // chains by indirect tables
  bool event_idx;

  friend std::ostream& operator<<(std::ostream& out, const Format& format) {
    return out << (format.packed ? "packed" : "split") << (format.indirect ? "_indirect" : "")
               << (format.event_idx ? "_event_idx" : "");
  }
};

inline constexpr std::array<Format, 8> kFormats = {{{false, false, false},
                                                    {false, false, true},
                                                    {false, true, false},
                                                    {false, true, true},
                                                    {true, false, false},
                                                    {true, false, true},
                                                    {true, true, false},
                                                    {true, true, true}}};

class Rig {
 public:
  explicit Rig(const Format& format, std::uint16_t size = 8)
      : format_(format),
        driver(memory, kBase, size,
               {.packed = format.packed,
                .indirect = format.indirect,
                .event_idx = format.event_idx,
                .indirect_entries = 8}),
        queue(Virtqueue::create(driver.config(), memory).value()) {}

  std::uint16_t offer(DriverQueue::Buffers buffers) {
    return format_.indirect ? driver.offer_indirect(buffers) : driver.offer(buffers);
  }
  std::uint16_t stage(DriverQueue::Buffers buffers) {
    return format_.indirect ? driver.stage_indirect(buffers) : driver.stage(buffers);
  }

 private:
  const Format format_;

 public:  // in this order: each uses those before it
  GuestMemory memory{kRam, GuestMemoryOptions{HugePages::off, false}};
  DriverQueue driver;
  Virtqueue queue;
  DescriptorChain chain;
};

}  // namespace skiff::ring_test
