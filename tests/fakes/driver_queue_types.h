// What DriverQueue (driver_queue.h) and its two halves have in common.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <span>
#include <type_traits>
#include <vector>

#include "virtio/ring/queue_config.h"
#include "virtio/ring/ring_format.h"
#include "vmm/io/guest_memory.h"

namespace skiff {

// One buffer of a chain; readable ones (the device reads them) come first, if the chain is good.
struct DriverBuffer {
  GuestAddress address{};
  std::uint32_t length = 0;
  bool writable = false;
};

// What the device gave back.
struct DriverUsed {
  std::uint32_t id = 0;      // as offer() named it
  std::uint32_t length = 0;  // bytes written

  friend bool operator==(const DriverUsed&, const DriverUsed&) = default;
};

// A descriptor as the test wants it, good or not.
struct RawDescriptor {
  std::uint64_t addr = 0;
  std::uint32_t len = 0;
  std::uint16_t flags = 0;       // virtq::kDesc...; packed: with the AVAIL and USED bits
  std::uint16_t next_or_id = 0;  // split: next; packed: buffer id
};

struct DriverQueueOptions {
  bool packed = false;
  bool indirect = false;   // negotiated; chains are indirect only by offer_indirect
  bool event_idx = false;  // negotiated
  // Room for an indirect table per ring entry, behind the rings. [entries]
  std::uint16_t indirect_entries = 16;
};

// The driver's accesses to RAM. A test that gives an address that is no RAM is wrong: abort.
class DriverMemory {
 public:
  explicit DriverMemory(const GuestMemory& memory) : memory_(memory) {}

  std::byte* at(GuestAddress address, std::uint64_t length) const {
    const auto bytes = memory_.slice(address, length);
    if (!bytes) std::abort();
    return bytes->data();
  }
  virtq::SharedWord word(GuestAddress address, std::uint64_t offset) const {
    return virtq::SharedWord(at(GuestAddress(address.value + offset), sizeof(std::uint16_t)));
  }

 private:
  const GuestMemory& memory_;
};

// What is not possible in a right test (no free descriptor, a table too small) ends it.
inline void driver_require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace skiff
