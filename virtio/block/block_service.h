// The executor's half of a block device: its queues, requests and disk between activation and
// reset. It works in rounds: pop everything available, hand it to the disk in one batch, collect
// what is done, publish, interrupt each queue at most once.
//
//            start                 a broken ring
//   stopped ------> running ------------------------> broken
//      ^               | stop                           | stop
//      |               v                                v
//      +--------- stopping (until nothing is in flight: then done is called)
//
// Between rounds with nothing to do it looks at the disk's completions and the rings for a moment
// (options.poll), then waits in the disk's queue, then goes back to the executor; how far it goes
// before that depends on how soon the disk and the driver came back lately.
//
// A turn on the executor is bounded; work that is left gets another one, behind the other devices'.
//
// Thread rule: the executor's thread; shut_down as it says.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "virtio/block/block_device.h"
#include "virtio/block/block_request.h"
#include "virtio/core/virtio_device.h"
#include "vmm/base/log.h"
#include "vmm/base/rate_limiter.h"
#include "vmm/base/traffic_limit.h"
#include "vmm/disk/disk_backend.h"

namespace skiff {

class BlockService final : public DiskQueueClient,
                           public std::enable_shared_from_this<BlockService> {
 public:
  BlockService(std::unique_ptr<DiskBackend> disk, Executor& executor, const Clock& clock,
               const BlockOptions& options);
  ~BlockService() override;
  BlockService(const BlockService&) = delete;
  BlockService& operator=(const BlockService&) = delete;

  DiskBackend& disk() { return *disk_; }  // any thread
  const BlockOptions& options() const { return options_; }
  Executor& executor() { return executor_; }
  const char* engine() const noexcept { return engine_.load(); }        // any thread
  std::uint64_t guest_faults() const { return guest_faults_.count(); }  // any thread

  void start(Activation activation, VirtioInterrupts* interrupts);
  // In place of a bell, where the service is inline.
  void on_notification(std::uint16_t queue) noexcept;
  void stop(std::function<void()> done);
  // The end: waits for the disk, lets go of everything. Also on another thread while the executor's
  // does not run.
  void shut_down();

  void set_limits(const RateLimit& operations, const RateLimit& bandwidth);

  void on_disk_complete(DiskRequest& request) noexcept override;
  void on_disk_wake() noexcept override;
  void on_disk_bell(std::size_t bell) noexcept override;

 private:
  enum class State : std::uint8_t { stopped, running, broken, stopping };

  struct Queue;
  struct Request : DiskRequest {
    DescriptorChain chain;
    BlockRequest parsed;
    Queue* queue = nullptr;
    Request* next_free = nullptr;
    std::size_t next_range = 0;
  };
  struct Queue {
    explicit Queue(ActiveQueue&& queue);

    ActiveQueue active;
    std::unique_ptr<Request[]> requests;  // as many as the ring has entries
    Request* free = nullptr;
    bool has_unpublished = false;
  };

  void serve();
  void end_turn();
  std::size_t ask_disk(std::size_t popped);
  void gather(std::size_t part) const;
  bool wait_for_driver();
  static void note(std::chrono::nanoseconds& average, std::chrono::nanoseconds gap, bool anew);
  template <typename There>
  bool look(const There& there) const;
  bool any_available() const;
  void disable_notifications();
  bool enable_notifications();
  void publish_all();
  void break_off(std::string_view why);

  std::size_t pop_all();
  bool has_enough() const;
  bool pop_one(Queue& queue);
  bool take_tokens(const Request& request);
  void execute(Request& request);
  void execute_range(Request& request);
  void write_id(const Request& request) const;
  void finish(Request& request, std::uint8_t status);
  static void release(Request& request);
  void report(const DiskRequest& request);

  bool open_queue();
  std::vector<int> bells() const;
  void finish_stop();

  const BlockOptions options_;
  const Clock& clock_;
  Executor& executor_;
  const std::unique_ptr<DiskBackend> disk_;
  std::atomic<const char*> engine_{"none"};
  GuestFaultLog guest_faults_;
  RateLimiter error_lines_;
  TrafficLimit traffic_;

  State state_ = State::stopped;
  VirtioInterrupts* interrupts_ = nullptr;
  std::function<void()> done_;
  BlockLimits limits_;
  bool writes_through_ = false;
  std::vector<std::unique_ptr<Queue>> queues_;
  std::size_t next_queue_ = 0;     // the one a round begins with
  Request* held_ = nullptr;        // popped, waits for tokens
  std::uint64_t handed_over_ = 0;  // in this round [bytes]

  std::unique_ptr<Timer> tokens_timer_;
  std::unique_ptr<DiskQueue> disk_queue_;  // after the first activation

  // How it waits.
  bool completes_at_once_ = true;  // the disk, as lately seen
  unsigned rounds_ = 0;
  // How soon the disk answers, averaged: beyond options.poll until a probe has found it sooner.
  std::chrono::nanoseconds disk_gap_{std::chrono::milliseconds(1)};
  std::chrono::nanoseconds idle_since_{0};
  std::chrono::nanoseconds driver_gap_{0};  // how soon the driver comes back, averaged
};

}  // namespace skiff
