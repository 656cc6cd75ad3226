// A disk that does what the test says, when the test says it.
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "vmm/disk/disk_backend.h"
#include "vmm/disk/watched_bells.h"

namespace skiff {

class StalledDisk final : public DiskBackend {
 public:
  explicit StalledDisk(std::uint64_t size) : size_(size) {
    info_.name = "stalled";
    info_.can_discard = true;
    info_.can_write_zeroes = true;
  }

  const DiskInfo& info() const noexcept override { return info_; }
  std::uint64_t capacity() const noexcept override { return size_; }
  std::uint64_t refresh_capacity() noexcept override { return size_ = next_size; }
  std::unique_ptr<DiskQueue> create_queue(Executor& executor, DiskQueueClient& client,
                                          std::uint32_t /*depth*/) override {
    if (refuses) return nullptr;
    return std::make_unique<Queue>(*this, executor, client);
  }

  // The oldest request that was handed over is complete. Reads give `fill`.
  void complete(int error = 0, char fill = 'r') {
    DiskRequest& request = *requests.front();
    requests.erase(requests.begin());
    request.error = error;
    if (request.operation == DiskOperation::read) {
      for (const iovec& buffer : request.buffers)
        std::memset(buffer.iov_base, fill, buffer.iov_len);
    }
    done.push_back(&request);
  }
  // The queue tells its client.
  void wake() { told->on_disk_wake(); }

  std::vector<DiskRequest*> requests;  // handed over
  std::vector<DiskRequest*> done;      // not yet collected
  std::uint64_t next_size = 0;
  bool refuses = false;
  int batches = 0;        // advances that handed something over
  bool may_wake = false;  // a turn has ended since the last advance
  DiskQueueClient* told = nullptr;
  // Called each time that the client asks what is in flight: in the middle of its work.
  std::function<void()> on_asked;

 private:
  class Queue final : public DiskQueue {
   public:
    Queue(StalledDisk& disk, Executor& executor, DiskQueueClient& client)
        : disk_(disk), client_(client), bells_(executor, client) {
      disk_.told = &client;
    }
    void submit(DiskRequest& request) noexcept override { submitted_.push_back(&request); }
    using DiskQueue::advance;
    std::size_t advance(std::chrono::nanoseconds /*wait*/,
                        std::size_t /*wanted*/) noexcept override {
      disk_.may_wake = false;
      if (!submitted_.empty()) ++disk_.batches;
      for (DiskRequest* const request : submitted_)
        disk_.requests.push_back(request);
      submitted_.clear();
      const auto collected = std::exchange(disk_.done, {});
      for (DiskRequest* const request : collected)
        client_.on_disk_complete(*request);
      return collected.size();
    }
    void end_turn() noexcept override { disk_.may_wake = true; }
    void drain() noexcept override {
      while (in_flight() != 0) {
        advance();
        while (!disk_.requests.empty())
          disk_.complete();
      }
    }
    std::size_t in_flight() const noexcept override {
      if (disk_.on_asked) disk_.on_asked();
      return submitted_.size() + disk_.requests.size() + disk_.done.size();
    }
    bool set_bells(std::span<const int> eventfds) override { return bells_.set(eventfds); }
    const char* engine() const noexcept override { return "stalled"; }

   private:
    StalledDisk& disk_;
    DiskQueueClient& client_;
    WatchedBells bells_;
    std::vector<DiskRequest*> submitted_;
  };

  DiskInfo info_;
  std::uint64_t size_;
};

}  // namespace skiff
