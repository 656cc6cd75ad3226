#include "virtio/net/transmit_queue.h"

#include <utility>

#include "virtio/net/transmit_header.h"
#include "vmm/net/frame_buffers.h"

namespace skiff {

TransmitQueue::TransmitQueue(const Context& context, ActiveQueue& queue, std::uint16_t pair)
    : context_(context), queue_(queue), pair_(pair), slots_(kBatch) {
  buffers_.reserve(NetBackend::kMaxBuffers);
}

TransmitQueue::Outcome TransmitQueue::run() {
  queue_.ring.disable_notifications();
  for (int round = 0; round < kRounds; ++round) {
    const Outcome outcome = batch();
    if (outcome == Outcome::more) continue;
    if (outcome != Outcome::idle) return outcome;
    if (!queue_.ring.enable_notifications()) return Outcome::idle;
    queue_.ring.disable_notifications();
  }
  return Outcome::more;
}

// more: the batch is full; idle: the queue is empty.
TransmitQueue::Outcome TransmitQueue::batch() {
  Outcome outcome = Outcome::more;
  std::size_t bytes = 0;
  while (outcome == Outcome::more && filled_ < slots_.size() && bytes < kBatchBytes) {
    Slot& slot = slots_[filled_];
    if (!holds_last_) {
      const PopResult result = queue_.ring.pop(slot.chain);
      if (result == PopResult::empty) {
        outcome = Outcome::idle;
        break;
      }
      if (result == PopResult::broken) {
        outcome = Outcome::broken;
        break;
      }
      holds_last_ = true;
      paid_ = false;
    }
    const Outcome sent = send(slot);
    if (sent != Outcome::idle) {
      outcome = sent;
      break;
    }
    holds_last_ = false;
    bytes += slot.chain.readable_size();
    ++filled_;
  }
  finish();
  return outcome;
}

void TransmitQueue::finish() {
  context_.backend.flush(pair_);
  for (std::size_t i = 0; i < filled_; ++i)
    queue_.ring.complete(slots_[i].chain, 0);
  // The one that waits is the next batch's first.
  if (holds_last_ && filled_ != 0) std::swap(slots_[0], slots_[filled_]);
  filled_ = 0;
  if (queue_.ring.publish()) context_.interrupts.signal_queue(queue_.index);
}

TransmitQueue::Outcome TransmitQueue::send(Slot& slot) {
  const DescriptorChain& chain = slot.chain;
  if (chain.writable_size() != 0)
    context_.faults.report("a transmit buffer has a device-writable part");
  // Copied once: the driver may change its own meanwhile.
  NetFrameHeader header;
  ChainReader reader(chain);
  if (!reader.read(header)) {
    context_.faults.report("a frame of {} bytes is shorter than its header", chain.readable_size());
    return Outcome::idle;
  }
  const std::size_t size = reader.remaining();
  const auto checked = check_transmit_header(header, size, context_.settings.offloads);
  if (!checked) {
    context_.faults.report("{}", checked.error());
    return Outcome::idle;
  }
  if (!context_.settings.link) return Outcome::idle;
  if (chain.readable().size() >= NetBackend::kMaxBuffers) {
    context_.faults.report("a frame in {} pieces", chain.readable().size());
    return Outcome::idle;
  }
  if (!paid_) {
    if (const auto at = context_.limit.take(size, context_.clock)) {
      retry_at_ = *at;
      return Outcome::limited;
    }
    paid_ = true;
  }
  slot.header = *checked;
  buffers_.clear();
  buffers_.push_back({&slot.header, sizeof slot.header});
  reader.take(size, buffers_);
  return context_.backend.send(pair_, buffers_) == SendResult::full ? Outcome::full : Outcome::idle;
}

}  // namespace skiff
