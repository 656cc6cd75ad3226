// The disk behind an ATA drive: one job at a time, done on the executor of an I/O thread.
//
// Thread rule: start from any thread, with none of the client's locks held; the client is called on
// the executor's thread. stop while the executor's thread runs its loop, or on that thread; a job
// that was started and that the loop has not come to is dropped in the latter case.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "vmm/base/log.h"
#include "vmm/base/rate_limiter.h"
#include "vmm/disk/disk_backend.h"
#include "vmm/io/executor.h"

namespace skiff {

// `buffers`: as DiskRequest has them; the client's until the job is done.
struct AtaJob {
  DiskOperation operation = DiskOperation::read;
  bool force_unit_access = false;
  std::uint64_t offset = 0;  // [bytes]
  std::uint64_t length = 0;  // [bytes]
  std::span<iovec> buffers{};
};

class AtaMediaClient {
 public:
  virtual ~AtaMediaClient() = default;
  // `error`: 0, or an errno value. It may start the next job.
  virtual void on_job_done(int error) noexcept = 0;
};

class AtaMedia final : private DiskQueueClient {
 public:
  // `executor` and `clock` outlive it.
  AtaMedia(std::string name, std::unique_ptr<DiskBackend> disk, Executor& executor,
           const Clock& clock);
  ~AtaMedia() override;
  AtaMedia(const AtaMedia&) = delete;
  AtaMedia& operator=(const AtaMedia&) = delete;

  std::string_view name() const { return name_; }
  const DiskBackend& disk() const { return *disk_; }              // any thread
  const char* engine() const noexcept { return engine_.load(); }  // any thread; "none" at first

  // Set-up; `client` lives until stop has returned.
  void set_client(AtaMediaClient& client) { client_ = &client; }
  void start(const AtaJob& job);
  // Waits until the job under way is done, and lets go of the host's resources. The client starts
  // no other job once it has called this.
  void stop();

 private:
  void run();
  void serve();
  void close();
  void report(int error);
  void on_disk_complete(DiskRequest& request) noexcept override;
  void on_disk_wake() noexcept override;

  const std::string name_;
  const std::unique_ptr<DiskBackend> disk_;
  Executor& executor_;
  const Clock& clock_;
  AtaMediaClient* client_ = nullptr;  // const after set-up
  std::atomic<const char*> engine_{"none"};

  // Whoever has started the job until it is handed to the executor's thread, then that thread's.
  DiskRequest request_{};
  // The executor's thread's.
  std::unique_ptr<DiskQueue> queue_;
  RateLimiter error_lines_;
  bool serving_ = false;
  bool submitted_ = false;
  bool is_closed_ = false;
};

}  // namespace skiff
