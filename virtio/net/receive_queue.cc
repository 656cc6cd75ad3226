#include "virtio/net/receive_queue.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "vmm/net/frame_buffers.h"

namespace skiff {
namespace {

constexpr std::size_t kHeaderSize = sizeof(NetFrameHeader);
constexpr std::size_t kSpillSize = kHeaderSize + kMaxFrameSize;
constexpr std::size_t kSmallestBuffer = kHeaderSize + 14;  // an Ethernet header

}  // namespace

ReceiveQueue::ReceiveQueue(const Context& context, ActiveQueue& queue, std::uint16_t pair)
    : context_(context),
      queue_(queue),
      pair_(pair),
      chains_(queue.ring.size()),
      spill_(std::make_unique_for_overwrite<std::byte[]>(kSpillSize)) {
  buffers_.reserve(NetBackend::kMaxBuffers);
  // The driver need not tell of buffers until they run out.
  queue_.ring.disable_notifications();
}

ReceiveQueue::Outcome ReceiveQueue::run() {
  Outcome outcome = Outcome::more;
  for (int frames = 0; frames < kRound && outcome == Outcome::more; ++frames) {
    switch (step()) {
      case Step::delivered:
        if (unpublished_ >= kPublishBytes) publish();
        break;
      case Step::dropped:
        break;
      case Step::idle:
        outcome = Outcome::idle;
        break;
      case Step::starved:
        outcome = Outcome::starved;
        break;
      case Step::limited:
        outcome = Outcome::limited;
        break;
      case Step::closed:
        outcome = Outcome::closed;
        break;
      case Step::broken:
        outcome = Outcome::broken;
        break;
    }
  }
  publish();
  return outcome;
}

void ReceiveQueue::publish() {
  unpublished_ = 0;
  if (queue_.ring.publish()) context_.interrupts.signal_queue(queue_.index);
}

ReceiveQueue::Step ReceiveQueue::step() {
  if (!held_) {
    const Step step = receive();
    if (step != Step::delivered) return step;
  }
  return deliver();
}

// A chain that can hold nothing goes back at once.
PopResult ReceiveQueue::post_one() {
  while (count_ < chains_.size()) {
    DescriptorChain& chain = posted(count_);
    const PopResult result = queue_.ring.pop(chain);
    if (result != PopResult::chain) return result;
    if (chain.readable_size() != 0)
      context_.faults.report("a receive buffer has a device-readable part");
    // Without MRG_RXBUF a buffer too small for any frame would stop all that come.
    if (chain.writable_size() >= (context_.settings.mergeable ? 1 : kSmallestBuffer)) {
      room_ += chain.writable_size();
      ++count_;
      return PopResult::chain;
    }
    context_.faults.report("a receive buffer has no room");
    queue_.ring.complete(chain, 0);
  }
  return PopResult::empty;
}

// Into held_, or not at all.
ReceiveQueue::Step ReceiveQueue::receive() {
  const Settings& settings = context_.settings;
  buffers_.clear();
  if (settings.link) {
    while (settings.mergeable ? room_ < settings.expected : count_ == 0) {
      const PopResult result = post_one();
      if (result == PopResult::broken) return Step::broken;
      if (result == PopResult::empty) break;
    }
    if (count_ == 0) return Step::starved;
  }
  std::size_t room = 0;
  const std::size_t usable = !settings.link ? 0 : settings.mergeable ? count_ : 1;
  for (std::size_t i = 0; i < usable && room < kSpillSize; ++i) {
    for (const iovec& buffer : posted(i).writable()) {
      if (buffers_.size() == NetBackend::kMaxBuffers - 1) break;
      buffers_.push_back(buffer);
      room += buffer.iov_len;
    }
    // Only whole chains count as room; the rest of a broken-off one is only overwritten later.
    if (buffers_.size() == NetBackend::kMaxBuffers - 1) break;
  }
  if (room < kSpillSize) buffers_.push_back({spill_.get(), kSpillSize});

  const ReceiveResult result = context_.backend.receive(pair_, buffers_);
  if (result.kind == ReceiveResult::Kind::empty) return Step::idle;
  if (result.kind == ReceiveResult::Kind::closed) return Step::closed;
  if (result.size <= kHeaderSize || !is_wanted(result.size)) return Step::dropped;
  held_ = Held{.size = result.size, .in_room = std::min(room, result.size)};
  return Step::delivered;
}

bool ReceiveQueue::is_wanted(std::size_t size) const {
  const Settings& settings = context_.settings;
  if (!settings.link) return false;
  const bool is_long = size - kHeaderSize > settings.longest;
  if (settings.filter.promiscuous && !is_long) return true;
  struct Start {
    NetFrameHeader header;
    MacAddress destination;
  };
  std::array<std::byte, sizeof(Start)> bytes{};
  copy_from_buffers(buffers_, 0, bytes);
  Start start;
  std::memcpy(&start, bytes.data(), sizeof start);
  // Longer than the MTU the driver was told (5.1.4.1).
  if (is_long && start.header.gso_type == NetFrameHeader::kGsoNone) return false;
  return settings.filter.accepts(start.destination);
}

ReceiveQueue::Step ReceiveQueue::deliver() {
  if (!held_->paid) {
    if (const auto at = context_.limit.take(held_->size - kHeaderSize, context_.clock)) {
      retry_at_ = *at;
      return Step::limited;
    }
    held_->paid = true;
  }
  const Step step = give_buffers();
  if (step == Step::delivered) unpublished_ += held_->size;
  if (step == Step::delivered || step == Step::dropped) held_.reset();
  return step;
}

ReceiveQueue::Step ReceiveQueue::give_buffers() {
  const std::size_t size = held_->size;
  if (!context_.settings.mergeable) {
    DescriptorChain& chain = posted(0);
    if (chain.writable_size() < size) {
      context_.faults.report("a receive buffer of {} bytes is too small for a frame of {}",
                             chain.writable_size(), size);
      return Step::dropped;
    }
  }
  while (room_ < size) {
    const PopResult result = post_one();
    if (result == PopResult::broken) return Step::broken;
    if (result == PopResult::chain) continue;
    if (count_ < chains_.size()) return Step::starved;
    context_.faults.report("all receive buffers together are too small for a frame of {} bytes",
                           size);
    return Step::dropped;
  }

  std::size_t used = 0;
  std::size_t at = 0;
  for (; at < size; ++used) {
    DescriptorChain& chain = posted(used);
    const std::size_t part = std::min<std::size_t>(chain.writable_size(), size - at);
    // What lies in the spill, of this chain's part.
    if (at + part > held_->in_room) {
      const std::size_t from = std::max(at, held_->in_room);
      copy_to_buffers(chain.writable(), from - at,
                      std::span(spill_.get() + (from - held_->in_room), at + part - from));
    }
    at += part;
  }
  // 1 without MRG_RXBUF (5.1.6.4.1). The header may be cut by the driver's buffers.
  const auto num_buffers = static_cast<std::uint16_t>(used);
  std::array<std::byte, sizeof num_buffers> bytes;
  std::memcpy(bytes.data(), &num_buffers, sizeof num_buffers);
  std::size_t offset = offsetof(NetFrameHeader, num_buffers);
  std::size_t written = 0;
  for (std::size_t i = 0; i < used && written < bytes.size(); ++i) {
    const std::size_t length = posted(i).writable_size();
    if (offset >= length) {
      offset -= length;
      continue;
    }
    written += copy_to_buffers(posted(i).writable(), offset, std::span(bytes).subspan(written));
    offset = 0;
  }
  at = 0;
  for (std::size_t i = 0; i < used; ++i) {
    const std::size_t part = std::min<std::size_t>(posted(i).writable_size(), size - at);
    queue_.ring.complete(posted(i), static_cast<std::uint32_t>(part));
    at += part;
  }
  take_front(used);
  return Step::delivered;
}

void ReceiveQueue::take_front(std::size_t chains) {
  for (std::size_t i = 0; i < chains; ++i)
    room_ -= posted(i).writable_size();
  first_ = (first_ + chains) % chains_.size();
  count_ -= chains;
}

}  // namespace skiff
