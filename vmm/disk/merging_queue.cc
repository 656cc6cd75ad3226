#include "vmm/disk/merging_queue.h"

#include <algorithm>
#include <utility>

namespace skiff {

std::unique_ptr<DiskQueue> MergingQueue::create(DiskQueueClient& client, const MakeQueue& make) {
  std::unique_ptr<MergingQueue> queue(new MergingQueue(client));
  queue->below_ = make(*queue);
  if (queue->below_ == nullptr) return nullptr;
  return queue;
}

MergingQueue::MergingQueue(DiskQueueClient& client)
    : client_(client),
      storage_(std::make_unique_for_overwrite<iovec[]>(kMostJoined * Bounds::kBuffers)) {
  for (std::size_t i = kMostJoined; i-- != 0;) {
    joined_[i].storage = &storage_[i * Bounds::kBuffers];
    joined_[i].next_free = std::exchange(free_, &joined_[i]);
  }
}

MergingQueue::~MergingQueue() = default;

void MergingQueue::submit(DiskRequest& request) noexcept {
  ++in_flight_;
  // The next step of a request that was just complete: the advance that completes it hands it over.
  if (is_completing_) return below_->submit(request);
  waiting_.push(request);
}

bool MergingQueue::can_join(const DiskRequest& request, std::size_t buffer_count,
                            const DiskRequest& next) {
  const bool moves_data =
      request.operation == DiskOperation::read || request.operation == DiskOperation::write;
  return moves_data && next.operation == request.operation &&
         next.force_unit_access == request.force_unit_access &&
         next.offset == request.offset + request.length &&
         request.length + next.length <= Bounds::kBytes &&
         buffer_count + next.buffers.size() <= Bounds::kBuffers;
}

void MergingQueue::hand_over() {
  while (DiskRequest* const first = waiting_.pop()) {
    DiskRequest* next = waiting_.front();
    if (next == nullptr || free_ == nullptr || !can_join(*first, first->buffers.size(), *next)) {
      below_->submit(*first);
      continue;
    }
    Joined& joined = *std::exchange(free_, free_->next_free);
    joined.operation = first->operation;
    joined.force_unit_access = first->force_unit_access;
    joined.offset = first->offset;
    joined.length = 0;
    joined.buffer_count = 0;
    join(joined, *first);
    do {
      join(joined, *waiting_.pop());
      next = waiting_.front();
    } while (next != nullptr && can_join(joined, joined.buffer_count, *next));
    joined.buffers = {joined.storage, joined.buffer_count};
    below_->submit(joined);
  }
}

// The part's own buffers stay as they are: it may have to go alone.
void MergingQueue::join(Joined& joined, DiskRequest& part) {
  std::ranges::copy(part.buffers, joined.storage + joined.buffer_count);
  joined.buffer_count += part.buffers.size();
  joined.length += part.length;
  joined.parts.push(part);
}

MergingQueue::Joined* MergingQueue::joined_of(DiskRequest& request) {
  const auto at = reinterpret_cast<std::uintptr_t>(&request);
  const auto first = reinterpret_cast<std::uintptr_t>(joined_.data());
  if (at - first >= sizeof joined_) return nullptr;  // unsigned: those before it too
  return &static_cast<Joined&>(request);
}

void MergingQueue::on_disk_complete(DiskRequest& request) noexcept {
  is_completing_ = true;
  if (Joined* const joined = joined_of(request)) {
    take_apart(*joined);
  } else {
    complete(request);
  }
  is_completing_ = false;
}

void MergingQueue::take_apart(Joined& joined) {
  RequestList parts;
  parts.take(joined.parts);
  const bool failed = joined.error != 0;
  joined.next_free = std::exchange(free_, &joined);
  while (DiskRequest* const part = parts.pop()) {
    if (failed) {
      below_->submit(*part);
    } else {
      part->error = 0;
      complete(*part);
    }
  }
}

void MergingQueue::complete(DiskRequest& request) {
  --in_flight_;
  ++completed_;
  client_.on_disk_complete(request);
}

std::size_t MergingQueue::completions() const noexcept {
  const std::size_t below = below_->completions();
  return below != 0 && below >= below_->in_flight() ? in_flight_ : below;
}

std::size_t MergingQueue::advance(std::chrono::nanoseconds wait, std::size_t wanted) noexcept {
  const std::size_t before = completed_;
  hand_over();
  // As many of those below as give that many, if all are alike; never more than there are.
  const std::size_t of = std::max<std::size_t>(1, in_flight_);
  const std::size_t there = below_->in_flight();
  const std::size_t part = std::min(wanted, of);
  below_->advance(wait, std::max<std::size_t>(1, part * there / of));
  return completed_ - before;
}

void MergingQueue::drain() noexcept {
  hand_over();
  below_->drain();
}

}  // namespace skiff
