// Joins what lies next to each other. Between a client and the queue of a file: requests of one
// batch (what is submitted between two advances) that follow one another on the disk, of the same
// kind, are one call of the host, with the buffers of all.
//
//   client --submit--> waiting --advance--> [a run becomes one request] --submit--> the queue below
//   client <--on_disk_complete, each for itself-- [taken apart] <---------- on_disk_complete
//
// Only neighbours in the order of submission are joined, so nothing overtakes, and a flush, a
// discard or zeroes end a run. A request below that fails says nothing about its parts: they are
// then asked for one by one, and each has its own answer. Bounded by Bounds; memory is taken once.
//
// Thread rule: as DiskQueue.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "vmm/disk/disk_backend.h"
#include "vmm/disk/request_list.h"

namespace skiff {

class MergingQueue final : public DiskQueue, private DiskQueueClient {
 public:
  // Of a joined request.
  struct Bounds {
    static constexpr std::uint64_t kBytes = 1024 * 1024;
    static constexpr std::size_t kBuffers = 256;  // below IOV_MAX: one call takes them
  };
  // Joined requests in flight at once; when all are, requests go alone.
  static constexpr std::size_t kMostJoined = 16;

  using MakeQueue = std::function<std::unique_ptr<DiskQueue>(DiskQueueClient&)>;
  // On top of what `make` makes. Null where that is.
  static std::unique_ptr<DiskQueue> create(DiskQueueClient& client, const MakeQueue& make);

  ~MergingQueue() override;
  MergingQueue(const MergingQueue&) = delete;
  MergingQueue& operator=(const MergingQueue&) = delete;

  void submit(DiskRequest& request) noexcept override;
  using DiskQueue::advance;
  std::size_t advance(std::chrono::nanoseconds wait, std::size_t wanted) noexcept override;
  void end_turn() noexcept override { below_->end_turn(); }
  void drain() noexcept override;
  std::size_t in_flight() const noexcept override { return in_flight_; }
  bool has_completions() const noexcept override { return below_->has_completions(); }
  std::size_t completions() const noexcept override;
  bool set_bells(std::span<const int> eventfds) override { return below_->set_bells(eventfds); }
  const char* engine() const noexcept override { return below_->engine(); }

 private:
  struct Joined : DiskRequest {
    RequestList parts;
    std::size_t buffer_count = 0;
    iovec* storage = nullptr;  // Bounds::kBuffers
    Joined* next_free = nullptr;
  };

  explicit MergingQueue(DiskQueueClient& client);

  void hand_over();
  static bool can_join(const DiskRequest& request, std::size_t buffer_count,
                       const DiskRequest& next);
  void join(Joined& joined, DiskRequest& part);
  Joined* joined_of(DiskRequest& request);
  void take_apart(Joined& joined);
  void complete(DiskRequest& request);

  void on_disk_complete(DiskRequest& request) noexcept override;
  void on_disk_wake() noexcept override { client_.on_disk_wake(); }
  void on_disk_bell(std::size_t bell) noexcept override { client_.on_disk_bell(bell); }

  DiskQueueClient& client_;
  RequestList waiting_;
  std::size_t in_flight_ = 0;
  std::size_t completed_ = 0;  // ever
  bool is_completing_ = false;
  std::unique_ptr<iovec[]> storage_;  // a page of it is real once it was used
  std::array<Joined, kMostJoined> joined_;
  Joined* free_ = nullptr;
  std::unique_ptr<DiskQueue> below_;
};

}  // namespace skiff
