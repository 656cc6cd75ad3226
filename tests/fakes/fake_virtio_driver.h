// A driver without a transport: rings and buffers in memory of its own, a device activated on them
// directly.
//
//   FakeVirtioDriver driver(device);
//   driver.activate(device.features());
//   driver.send(1, "hello");             // offers a readable buffer, and kicks
//   clock.run();
//   driver.take(1);                      // what came back
//
// Each queue has its rings in kQueueSpace bytes, and behind all of them its buffers in as many: one
// of kBufferSize for each ring entry, in turn.
//
// Thread rule: one thread, the driver's; the device's executor may be another.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fakes/driver_queue.h"
#include "tests/fakes/fake_virtio_interrupts.h"
#include "virtio/core/virtio_device.h"
#include "vmm/base/event_fd.h"
#include "vmm/io/guest_memory.h"

namespace skiff {

class FakeVirtioDriver {
 public:
  static constexpr std::uint64_t kQueueSpace = 0x10000;
  static constexpr std::uint32_t kBufferSize = 512;
  static constexpr std::uint16_t kQueueSize = 16;

  explicit FakeVirtioDriver(VirtioDevice& device, const DriverQueueOptions& options = {})
      : device_(device),
        options_(options),
        memory_(std::array{Range{0, 2 * kQueueSpace * device.queue_sizes().size()}},
                {.huge_pages = HugePages::off}) {
    device_.attach(&interrupts);
    kicks_.resize(device.queue_sizes().size());
    for (auto& kick : kicks_)
      kick = std::make_unique<EventFd>();
    lay_rings();
  }
  ~FakeVirtioDriver() {
    if (attached_) detach();
  }
  FakeVirtioDriver(const FakeVirtioDriver&) = delete;
  FakeVirtioDriver& operator=(const FakeVirtioDriver&) = delete;

  // As a transport that goes away: the memory stays, for a device that is destroyed before it.
  void detach() {
    device_.attach(nullptr);
    attached_ = false;
  }

  // DRIVER_OK with all queues, or those below `count`.
  void activate(std::uint64_t features, std::size_t count = static_cast<std::size_t>(-1)) {
    Activation activation{.features = features, .queues = {}};
    for (std::size_t i = 0; i < std::min(count, queues_.size()); ++i) {
      auto ring = Virtqueue::create(queues_[i]->config(), memory_);
      driver_require(ring.has_value());
      activation.queues.push_back(
          {static_cast<std::uint16_t>(i), *std::move(ring), kicks_[i].get()});
    }
    device_.activate(std::move(activation));
  }
  // As after a reset: all rings zero and empty.
  void lay_rings() {
    const std::size_t count = device_.queue_sizes().size();
    memory_.fill(GuestAddress(0), kQueueSpace * count, std::byte{0});
    queues_.clear();
    next_buffer_.assign(count, 0);
    for (std::size_t i = 0; i < count; ++i) {
      queues_.push_back(std::make_unique<DriverQueue>(memory_, GuestAddress(i * kQueueSpace),
                                                      kQueueSize, options_));
    }
  }

  DriverQueue& queue(std::size_t index) { return *queues_[index]; }
  const GuestMemory& memory() const { return memory_; }
  // As a transport passes a notification on.
  void kick(std::size_t index) {
    if (!device_.take_notification(static_cast<std::uint16_t>(index))) kicks_[index]->signal();
  }

  // The next of this queue's buffers. At most kQueueSize are in use at a time.
  GuestAddress buffer(std::size_t index) {
    const std::size_t slot = next_buffer_[index]++ % kQueueSize;
    return GuestAddress(kQueueSpace * (queues_.size() + index) + slot * kBufferSize * 4);
  }
  // Offers `bytes` to be read, and kicks.
  std::uint16_t send(std::size_t index, std::string_view bytes) {
    const GuestAddress at = buffer(index);
    driver_require(bytes.size() <= kBufferSize * 4);
    memory_.write(at, std::as_bytes(std::span(bytes)));
    const std::uint16_t id =
        queues_[index]->offer({{at, static_cast<std::uint32_t>(bytes.size())}});
    kick(index);
    return id;
  }
  // Offers a buffer to be written, and kicks.
  std::uint16_t give(std::size_t index, std::uint32_t length = kBufferSize) {
    const GuestAddress at = buffer(index);
    const std::uint16_t id = queues_[index]->offer({{at, length, true}});
    given_[{index, id}] = at;
    kick(index);
    return id;
  }
  // What was written into the next buffer that came back of those given; nothing if none did.
  std::optional<std::string> take(std::size_t index) {
    const auto used = queues_[index]->used();
    if (!used) return std::nullopt;
    std::string bytes(used->length, '\0');
    if (!bytes.empty())
      memory_.read(given_[{index, used->id}], std::as_writable_bytes(std::span(bytes)));
    return bytes;
  }

  FakeVirtioInterrupts interrupts;

 private:
  VirtioDevice& device_;
  bool attached_ = true;
  const DriverQueueOptions options_;
  const GuestMemory memory_;
  std::vector<std::unique_ptr<EventFd>> kicks_;
  std::vector<std::unique_ptr<DriverQueue>> queues_;
  std::vector<std::size_t> next_buffer_;
  std::map<std::pair<std::size_t, std::uint32_t>, GuestAddress> given_;  // by queue and id
};

}  // namespace skiff
