// The last of a console's output, which producers (vCPUs, I/O threads) write and the main thread
// reads for everybody who is attached, each from a position of its own.
//
//        oldest kept                                    head
//   ...  |======================= kCapacity ============|
//              ^ hold: the slowest reader that may make producers wait
//
// Output is copied once, into the ring; producers and the main thread meet in three atomics and
// share a lock only when a reader that holds nobody has bytes copied out for it. Memory is taken
// from the host as output first passes through it.
//
// Positions count the bytes of output since the beginning; none is ever used twice.
//
// Thread rule: write and writable from any thread; all else, the main thread's.
#pragma once

#include <sys/uio.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "vmm/base/mutex.h"

namespace skiff {

class OutputHistory {
 public:
  static constexpr std::size_t kCapacity = 1024 * 1024;  // [bytes]
  static constexpr std::uint64_t kNever = ~0ULL;

  struct Written {
    std::size_t taken = 0;
    bool wake = false;  // the main thread has to look
  };
  Written write(std::span<const std::byte> bytes) noexcept;
  bool writable() const noexcept { return head_.load() < limit_.load(); }

  std::uint64_t head() const noexcept { return head_.load(); }
  std::uint64_t oldest() const noexcept { return oldest_at(head()); }

  // From now on nothing from `position` on is overwritten; kNever: producers never wait. Moving
  // forward only: back is hold_from's.
  void hold(std::uint64_t position) noexcept;
  // As hold, from `position` or the oldest byte kept if that is gone, whichever is held before.
  // Returns which it is.
  std::uint64_t hold_from(std::uint64_t position) noexcept;
  // Bytes that are held, as one or two pieces. `size` at most head() - from.
  std::array<iovec, 2> view(std::uint64_t from, std::size_t size) const noexcept;
  // Copies what is there from `from` on, which is first moved to the oldest byte kept if that is
  // later. Returns how much.
  std::size_t copy(std::uint64_t& from, std::span<std::byte> out) noexcept;

  // The producer that brings head past `position` says `wake`, once. False if it is past already.
  bool wake_past(std::uint64_t position) noexcept;
  // Room that producers have now [bytes].
  std::uint64_t room() const noexcept;
  // True once after a producer found no room, or took the last of it.
  bool refused() const noexcept { return refused_.load(); }
  bool take_refused() noexcept { return refused_.load() && refused_.exchange(false); }
  // How often producers have found no room. While `watched`, nobody is woken for it.
  std::uint64_t refusals() const noexcept { return refusals_.load(); }
  void set_watched(bool watched) noexcept { watched_.store(watched); }

 private:
  static std::uint64_t oldest_at(std::uint64_t head) noexcept {
    return head > kCapacity ? head - kCapacity : 0;
  }
  void put(std::uint64_t position, std::span<const std::byte> bytes) noexcept;
  bool refuse() noexcept;

  // Not value-initialised: pages become real as output first passes through them.
  const std::unique_ptr<std::byte[]> bytes_{new std::byte[kCapacity]};
  Mutex mutex_;  // orders producers; readers take it where producers do not wait for them
  std::atomic<std::uint64_t> head_{0};
  std::atomic<std::uint64_t> limit_{kNever};  // producers stop here
  std::atomic<std::uint64_t> alarm_{kNever};
  std::atomic<std::uint64_t> refusals_{0};
  std::atomic<bool> refused_{false};
  std::atomic<bool> watched_{false};
};

}  // namespace skiff
