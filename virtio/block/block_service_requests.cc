// What a block device does with one request: from the ring to the disk, and from its answer to the
// status byte.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "virtio/block/block_regs.h"
#include "virtio/block/block_service.h"

namespace skiff {
namespace {

using namespace virtio_blk;
using Action = BlockRequest::Action;

// Where the disk answers at once (memory, the page cache, a RAM disk), so much goes to it in one
// go: that is published before the rest is begun, and the driver works on it meanwhile. [bytes]
constexpr std::uint64_t kHandOver = 256 * 1024;

const char* name_of(DiskOperation operation) {
  switch (operation) {
    case DiskOperation::read:
      return "read";
    case DiskOperation::write:
      return "write";
    case DiskOperation::flush:
      return "flush";
    case DiskOperation::discard:
      return "discard";
    case DiskOperation::write_zeroes:
      return "write of zeroes";
  }
  return "request";
}

}  // namespace

std::size_t BlockService::pop_all() {
  limits_.capacity = disk_->capacity();
  std::size_t popped = 0;
  handed_over_ = 0;
  if (held_ != nullptr && take_tokens(*held_)) {
    ++popped;
    execute(*std::exchange(held_, nullptr));
  }
  // Each round begins with another queue, since it may end before the last one.
  next_queue_ = next_queue_ + 1 < queues_.size() ? next_queue_ + 1 : 0;
  for (std::size_t i = 0; i < queues_.size() && state_ == State::running; ++i) {
    Queue& queue = *queues_[(next_queue_ + i) % queues_.size()];
    // At most what the ring holds: completions are published between rounds.
    while (held_ == nullptr && queue.free != nullptr && !has_enough() && pop_one(queue))
      ++popped;
  }
  return popped;
}

// For this round; a disk that takes its time gets all at once.
bool BlockService::has_enough() const {
  return completes_at_once_ && handed_over_ >= kHandOver;
}

bool BlockService::pop_one(Queue& queue) {
  Request& request = *queue.free;
  switch (queue.active.ring.pop(request.chain)) {
    case PopResult::empty:
      return false;
    case PopResult::broken:
      break_off(queue.active.ring.fault());
      return false;
    case PopResult::chain:
      break;
  }
  queue.free = request.next_free;
  request.parsed.parse(request.chain, limits_);
  if (request.parsed.action == Action::unanswerable) {
    break_off(request.parsed.fault);
    return false;
  }
  if (request.parsed.fault != nullptr) guest_faults_.report("{}", request.parsed.fault);
  if (!take_tokens(request)) {
    held_ = &request;
    return false;
  }
  execute(request);
  return true;
}

bool BlockService::take_tokens(const Request& request) {
  const BlockRequest& parsed = request.parsed;
  const bool moves_data = parsed.action == Action::read || parsed.action == Action::write;
  const std::uint64_t bytes = moves_data ? parsed.length : 0;
  const auto ready = traffic_.take(bytes, clock_);
  if (ready) tokens_timer_->arm(*ready);
  return !ready;
}

void BlockService::execute(Request& request) {
  const BlockRequest& parsed = request.parsed;
  request.force_unit_access = writes_through_;
  request.offset = parsed.offset;
  request.length = parsed.length;
  request.buffers = request.parsed.data;
  switch (parsed.action) {
    case Action::read:
    case Action::write:
      if (parsed.length == 0) return finish(request, kStatusOk);
      request.operation =
          parsed.action == Action::read ? DiskOperation::read : DiskOperation::write;
      handed_over_ += parsed.length;
      return disk_queue_->submit(request);
    case Action::flush:
      request.operation = DiskOperation::flush;
      return disk_queue_->submit(request);
    case Action::discard:
    case Action::write_zeroes:
      request.operation =
          parsed.action == Action::discard ? DiskOperation::discard : DiskOperation::write_zeroes;
      request.next_range = 0;
      return execute_range(request);
    case Action::get_id:
      write_id(request);
      return finish(request, kStatusOk);
    default:
      return finish(request, parsed.status);
  }
}

void BlockService::execute_range(Request& request) {
  const std::vector<BlockRange>& ranges = request.parsed.ranges;
  if (request.next_range == ranges.size()) return finish(request, kStatusOk);
  const BlockRange& range = ranges[request.next_range++];
  request.offset = range.offset;
  request.length = range.length;
  request.may_unmap = range.unmap;
  request.buffers = {};
  disk_queue_->submit(request);
}

void BlockService::write_id(const Request& request) const {
  std::array<std::byte, kIdBytes> id{};
  std::memcpy(id.data(), options_.serial.data(), std::min(options_.serial.size(), id.size()));
  ChainWriter(request.chain).write(std::span(id).first(request.parsed.length));
}

void BlockService::on_disk_complete(DiskRequest& request) noexcept {
  auto& own = static_cast<Request&>(request);
  if (state_ != State::running) return release(own);
  if (request.error != 0) {
    report(request);
    return finish(own, request.error == EOPNOTSUPP ? kStatusUnsupported : kStatusIoError);
  }
  const bool has_ranges = request.operation == DiskOperation::discard ||
                          request.operation == DiskOperation::write_zeroes;
  if (has_ranges) return execute_range(own);
  finish(own, kStatusOk);
}

// The status is the last writable byte, so all of that half counts as written.
void BlockService::finish(Request& request, std::uint8_t status) {
  *request.parsed.status_byte = std::byte{status};
  request.queue->active.ring.complete(request.chain, request.chain.writable_size());
  request.queue->has_unpublished = true;
  release(request);
}

void BlockService::release(Request& request) {
  request.next_free = std::exchange(request.queue->free, &request);
}

void BlockService::report(const DiskRequest& request) {
  if (!error_lines_.try_take(1, clock_.monotonic())) return;
  log_warning("{}: {} of {} bytes at {} failed: {}", options_.name, name_of(request.operation),
              request.length, request.offset, std::generic_category().message(request.error));
}

}  // namespace skiff
