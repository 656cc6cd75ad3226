// The layout of both ring formats in guest memory, and the arithmetic on their indices: what the
// device's side (SplitRing, PackedRing) and the driver's mirror in the tests have in common.
// Source: Virtual I/O Device (VIRTIO) 1.2, 2.7 (split), 2.8 (packed).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace skiff::virtq {

// Descriptor flags (2.7.5, 2.8.1 and on). Other bits are reserved and ignored.
inline constexpr std::uint16_t kDescNext = 1;
inline constexpr std::uint16_t kDescWrite = 2;
inline constexpr std::uint16_t kDescIndirect = 4;
inline constexpr std::uint16_t kDescAvail = 1U << 7;  // packed only
inline constexpr std::uint16_t kDescUsed = 1U << 15;  // packed only

// Flags of the split rings (2.7.6, 2.7.8).
inline constexpr std::uint16_t kAvailNoInterrupt = 1;
inline constexpr std::uint16_t kUsedNoNotify = 1;

// Flags of the packed event suppression structures (2.8.10).
inline constexpr std::uint16_t kEventEnable = 0;
inline constexpr std::uint16_t kEventDisable = 1;
inline constexpr std::uint16_t kEventDesc = 2;
inline constexpr std::uint16_t kEventFlagsMask = 3;
inline constexpr std::uint16_t kEventWrap = 1U << 15;

struct SplitDescriptor {
  std::uint64_t addr;
  std::uint32_t len;
  std::uint16_t flags;
  std::uint16_t next;
};
static_assert(sizeof(SplitDescriptor) == 16);

struct PackedDescriptor {
  std::uint64_t addr;
  std::uint32_t len;
  std::uint16_t id;
  std::uint16_t flags;
};
static_assert(sizeof(PackedDescriptor) == 16);

struct UsedElement {
  std::uint32_t id;
  std::uint32_t len;
};
static_assert(sizeof(UsedElement) == 8);

inline constexpr std::size_t kDescriptorSize = 16;

// Offsets in the split rings: flags, idx, ring[size], then the other side's event index, which is
// there only with VIRTIO_F_EVENT_IDX.
inline constexpr std::size_t kRingFlags = 0;
inline constexpr std::size_t kRingIdx = 2;
inline constexpr std::size_t kRingEntries = 4;
// Offsets in an event suppression structure.
inline constexpr std::size_t kEventOffWrap = 0;
inline constexpr std::size_t kEventFlags = 2;
inline constexpr std::size_t kEventStructureSize = 4;

// All of it wraps at 2^16; C++ would compute in int.
constexpr std::uint16_t add(std::uint16_t a, std::uint16_t b) {
  return static_cast<std::uint16_t>(a + b);
}
constexpr std::uint16_t distance(std::uint16_t from, std::uint16_t to) {
  return static_cast<std::uint16_t>(to - from);
}

// True if the index has passed `event`, that is, one of old, old + 1, ... new - 1 is `event`
// (2.7.7.2, 2.7.10).
constexpr bool need_event(std::uint16_t event, std::uint16_t now, std::uint16_t old) {
  return static_cast<std::uint16_t>(now - event - 1) < distance(old, now);
}

// The same for packed rings (2.8.10). `off_wrap` is what the other side asked for; `now` and
// `wrap` are the position after the last of `batch` entries. A position of the other lap lies one
// whole ring behind.
constexpr bool packed_need_event(std::uint16_t off_wrap, std::uint16_t now, bool wrap,
                                 std::uint16_t batch, std::uint16_t size) {
  auto event = static_cast<std::uint16_t>(off_wrap & ~kEventWrap);
  if (((off_wrap & kEventWrap) != 0) != wrap) event = distance(size, event);
  return need_event(event, now, distance(batch, now));
}

// A 16-bit word of guest memory that both sides use at the same time.
class SharedWord {
 public:
  SharedWord() = default;
  // `at` is aligned to 2.
  explicit SharedWord(std::byte* at) : at_(reinterpret_cast<std::uint16_t*>(at)) {}

  std::uint16_t load(std::memory_order order) const {
    return std::atomic_ref<std::uint16_t>(*at_).load(order);
  }
  void store(std::uint16_t value, std::memory_order order) const {
    std::atomic_ref<std::uint16_t>(*at_).store(value, order);
  }

 private:
  static_assert(std::atomic_ref<std::uint16_t>::is_always_lock_free);

  std::uint16_t* at_ = nullptr;
};

// Orders an earlier store before a later load, which release and acquire do not.
inline void full_fence() {
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
// The thread sanitizer takes no happens-before from fences; here none is needed from one.
#pragma GCC diagnostic ignored "-Wtsan"
#endif
  std::atomic_thread_fence(std::memory_order_seq_cst);
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
}

}  // namespace skiff::virtq
