// The executor's half of an NVMe controller: its queues, commands and disk while it is enabled. It
// works in rounds: take all available commands, hand them to the disk in one batch, collect what is
// done, interrupt each completion queue at most once.
//
//            start                   shut_down_notice (in flight done, disk flushed)
//   stopped ------> running -------------------------> quiet (nothing is taken any more)
//      ^               | stop                             | stop
//      |               v                                  |
//      +--------- stopping (until nothing is in flight) <-+
//
// A command is only taken when its completion has a place, so a completion never waits. Held
// asynchronous event requests have none: their event waits.
//
// Thread rule: the executor's thread; shut_down as it says.
// Source: NVM Express 1.4, 4, 5, 6, 7.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "devices/nvme/nvme_doorbells.h"
#include "devices/nvme/nvme_events.h"
#include "devices/nvme/nvme_features.h"
#include "devices/nvme/nvme_identify.h"
#include "devices/nvme/nvme_queue.h"
#include "devices/nvme/nvme_request.h"
#include "vmm/base/clock.h"
#include "vmm/base/log.h"
#include "vmm/base/rate_limiter.h"
#include "vmm/base/traffic_limit.h"
#include "vmm/disk/disk_backend.h"
#include "vmm/io/executor.h"
#include "vmm/io/guest_memory.h"

namespace skiff {

// What the service asks of the PCI function. Any thread, no lock held.
class NvmePort {
 public:
  virtual ~NvmePort() = default;
  // Something was posted to the completion queue that has this vector.
  virtual void interrupt(std::uint16_t vector) noexcept = 0;
  // Interrupts go over INTx, whose level follows the head doorbells' registers.
  virtual bool uses_wire() noexcept = 0;
  // A queue is gone, and with it what it asked the wire for.
  virtual void settle_wire() noexcept = 0;
  // The doorbell of this submission queue has its value in memory: its register need only wake.
  virtual void open_doorbell(std::uint16_t queue) = 0;
  virtual void close_doorbell(std::uint16_t queue) = 0;
};

struct NvmeAdminQueues {  // as the registers have them
  std::uint32_t aqa = 0;
  std::uint64_t asq = 0;
  std::uint64_t acq = 0;
};

struct NvmeOptions {
  static constexpr std::uint16_t kMaxQueues = 64;

  std::string name = "disk0";    // for logs and the exit ledger
  std::string serial{};          // at most 20 bytes are shown; empty: the name
  std::string source{};          // the disk's file; makes its UUID, with serial and name
  std::uint16_t queues = 1;      // pairs of I/O queues, 1 to kMaxQueues
  bool shadow_doorbells = true;  // doorbell buffers are offered
  RateLimit operations{};        // requests per second
  RateLimit bandwidth{};         // bytes read and written per second
};

class NvmeService final : public DiskQueueClient, public std::enable_shared_from_this<NvmeService> {
 public:
  NvmeService(std::unique_ptr<DiskBackend> disk, Executor& executor, const Clock& clock,
              const GuestMemory& memory, NvmeDoorbells& doorbells, NvmePort& port,
              const NvmeOptions& options);
  ~NvmeService() override;
  NvmeService(const NvmeService&) = delete;
  NvmeService& operator=(const NvmeService&) = delete;

  DiskBackend& disk() { return *disk_; }  // any thread
  const NvmeOptions& options() const { return options_; }
  Executor& executor() { return executor_; }
  const char* engine() const noexcept { return engine_.load(); }  // any thread
  GuestFaultLog& faults() { return faults_; }                     // any thread

  // False: the queues cannot be; it is stopped.
  bool start(const NvmeAdminQueues& queues);
  // `done`: nothing is in flight, and no memory is touched any more.
  void stop(std::function<void()> done);
  // CC.SHN. `done` is not called if a stop comes first.
  void shut_down_notice(std::function<void()> done);
  // The end: waits for the disk, lets go of everything. Also on another thread while the executor's
  // does not run.
  void shut_down();

  void set_limits(const RateLimit& operations, const RateLimit& bandwidth);
  void namespace_changed();

  void on_disk_complete(DiskRequest& request) noexcept override;
  void on_disk_wake() noexcept override;
  void on_disk_bell(std::size_t bell) noexcept override;

 private:
  enum class State : std::uint8_t { stopped, running, finishing, quiet, stopping };
  struct Request : DiskRequest {
    NvmeRequest parsed;
    NvmeSubmissionQueue* queue = nullptr;
    nvme::Command command{};
    Request* next_free = nullptr;
    std::size_t next_piece = 0;
  };
  using Command = nvme::Command;
  using Status = nvme::Status;
  // The answer to an admin command; nothing: it is answered later.
  struct Answer {
    Status status = Status::success;
    std::uint32_t result = 0;
    bool is_later = false;
  };

  // nvme_service.cc: life, rounds, I/O commands.
  bool open_disk_queue();
  void finish_stop();
  void finish_if_quiet();
  void serve();
  void end_turn();
  bool try_sleep();
  bool any_work();
  void look(NvmeSubmissionQueue& queue);
  std::size_t ask_disk(std::size_t taken);
  std::size_t take_all();
  std::size_t take_from(std::size_t id);
  void publish_all();
  void execute(NvmeSubmissionQueue& queue, const Command& command);
  bool take_tokens(const Request& request);
  void submit(Request& request);
  void submit_piece(Request& request);
  void finish(Request& request, Status status);
  void release(Request& request);
  void complete(NvmeSubmissionQueue& queue, const Command& command, const Answer& answer);
  void report(const DiskRequest& request);

  // nvme_admin.cc: admin commands.
  Answer execute_admin(const Command& command);
  Answer create_cq(const Command& command);
  Answer create_sq(const Command& command);
  Answer delete_sq(const Command& command);
  Answer delete_cq(const Command& command);
  void end_queue(NvmeSubmissionQueue& queue);
  Answer identify(const Command& command);
  Answer get_log_page(const Command& command);
  Answer abort(const Command& command);
  Answer hold_event_request(const Command& command);
  Answer set_doorbell_buffer(const Command& command);
  Status send(const Command& command, std::span<const std::byte> data, std::uint64_t length);
  void give_shadow(NvmeSubmissionQueue& queue);
  void give_shadow(NvmeCompletionQueue& queue) const;
  NvmeShadow shadow_at(std::size_t index) const;
  void answer_events();
  bool is_queue_id(std::uint32_t id) const { return id != 0 && id < doorbells_.queues(); }

  const NvmeOptions options_;
  const Clock& clock_;
  Executor& executor_;
  const GuestMemory& memory_;
  NvmeDoorbells& doorbells_;
  NvmePort& port_;
  const std::unique_ptr<DiskBackend> disk_;
  const NvmeIdentity identity_;
  std::atomic<const char*> engine_{"none"};
  GuestFaultLog faults_;
  RateLimiter error_lines_;
  TrafficLimit traffic_;

  State state_ = State::stopped;
  std::function<void()> done_;
  NvmeLimits limits_;
  NvmeFeatures features_;
  NvmeEvents events_;
  NvmeHealth health_;
  // By their numbers; submission queues go first.
  std::vector<std::unique_ptr<NvmeCompletionQueue>> completion_queues_;
  std::vector<std::unique_ptr<NvmeSubmissionQueue>> submission_queues_;
  std::span<std::byte> shadow_values_;  // a page each; empty: not set up
  std::span<std::byte> shadow_events_;
  std::vector<iovec> scratch_;  // of admin commands

  std::unique_ptr<Request[]> requests_;  // after the first start
  Request* free_ = nullptr;
  Request* held_ = nullptr;  // taken, waits for tokens
  DiskRequest final_flush_;
  std::size_t first_ = 0;  // the queue whose turn it is
  bool waits_for_room_ = false;
  std::unique_ptr<Timer> tokens_timer_;
  std::unique_ptr<DiskQueue> disk_queue_;  // after the first start
};

}  // namespace skiff
