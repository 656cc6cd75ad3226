// The doorbells of one transport's queues: attached while the device is active and its registers
// have an address. What the host refuses is served by the register's write instead.
//
// Thread rule: any thread. Its mutex is held while the registry is asked, so that of a reset and a
// BAR move at the same time the last one wins; it is the last in every order of locks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "virtio/core/virtio_device.h"
#include "vmm/base/mutex.h"
#include "vmm/io/doorbell.h"

namespace skiff {

class QueueDoorbells {
 public:
  // Where the doorbell of a queue is, for registers at `base`.
  using AddressOf = DoorbellAddress (*)(std::uint64_t base, std::uint16_t queue);

  // `registry` may be null: no doorbells. It must outlive this object.
  QueueDoorbells(DoorbellRegistry* registry, AddressOf address_of,
                 std::optional<std::uint64_t> base = std::nullopt)
      : registry_(registry), address_of_(address_of), base_(base) {}

  // The registers are at `base` now, or nowhere.
  void place(std::optional<std::uint64_t> base);
  // These queues' kicks are to be signalled; the kicks live until close has returned.
  void open(std::span<const ActiveQueue> queues);
  void close();

 private:
  struct Kick {
    std::uint16_t queue;
    const EventFd* event;
  };

  void attach_all() SKIFF_REQUIRES(mutex_);

  DoorbellRegistry* const registry_;
  const AddressOf address_of_;
  Mutex mutex_;
  std::optional<std::uint64_t> base_ SKIFF_GUARDED_BY(mutex_);
  std::vector<Kick> kicks_ SKIFF_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Doorbell>> attached_ SKIFF_GUARDED_BY(mutex_);
};

}  // namespace skiff
