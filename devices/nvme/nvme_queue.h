// The two kinds of queues as the service has them: a ring in guest memory, proved to be there when
// it was made, and the indices, which only ever move as the specification allows.
//
// Thread rule: the executor's thread.
// Source: NVM Express 1.4, 4.1, 4.6; annex B.5 (shadow doorbells).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "devices/nvme/nvme_doorbells.h"
#include "devices/nvme/nvme_regs.h"

namespace skiff {

// A doorbell in guest memory, and where the guest is told when to write the register all the same;
// null: not in use.
struct NvmeShadow {
  std::uint32_t* value = nullptr;
  std::uint32_t* event_index = nullptr;

  std::uint32_t load() const { return std::atomic_ref(*value).load(std::memory_order_acquire); }
  void store(std::uint32_t to) const { std::atomic_ref(*value).store(to); }
  void arm(std::uint32_t index) const { std::atomic_ref(*event_index).store(index); }
};

class NvmeCompletionQueue {
 public:
  // `ring`: `size` entries, 2 to kMaxQueueEntries.
  NvmeCompletionQueue(std::uint16_t id, std::span<std::byte> ring, std::uint32_t size,
                      std::uint16_t vector, bool interrupts, NvmeQueueDoorbells& bells)
      : id_(id), ring_(ring), size_(size), vector_(vector), interrupts_(interrupts), bells_(bells) {
    bells_.cq_head.store(0);
    bells_.cq_tail.store(0);
    bells_.interrupts.store(interrupts);
    bells_.has_cq.store(true);
  }
  ~NvmeCompletionQueue() {
    bells_.has_cq.store(false);
    bells_.interrupts.store(false);
  }
  NvmeCompletionQueue(const NvmeCompletionQueue&) = delete;
  NvmeCompletionQueue& operator=(const NvmeCompletionQueue&) = delete;

  std::uint16_t id() const { return id_; }
  std::uint16_t vector() const { return vector_; }
  bool interrupts() const { return interrupts_; }
  const NvmeShadow& shadow() const { return shadow_; }
  // The driver is to write the register when it moves the head.
  void arm() const {
    if (shadow_.value != nullptr) shadow_.arm(head_);
  }
  std::uint32_t users() const { return users_; }  // submission queues that post here
  void add_user() { ++users_; }
  void remove_user() { --users_; }
  void use_shadow(const NvmeShadow& shadow) {
    shadow_ = shadow;
    shadow_.store(head_);
    shadow_.arm(head_);
  }

  // Takes a place for a later post; false: all are taken.
  bool reserve() {
    if (used() + reserved_ >= size_ - 1) return false;
    ++reserved_;
    return true;
  }
  bool has_room() const { return used() + reserved_ < size_ - 1; }
  void give_back() { --reserved_; }
  // Into a reserved place. The phase, in the last word, is what the driver looks at.
  void post(nvme::Completion entry) {
    --reserved_;
    entry.status = static_cast<std::uint16_t>(entry.status << 1 | (phase_ ? 1 : 0));
    std::byte* const at = ring_.data() + std::size_t{tail_} * sizeof entry;
    std::memcpy(at, &entry, offsetof(nvme::Completion, cid));
    std::uint32_t last = 0;
    std::memcpy(&last, &entry.cid, sizeof last);
    // A page's start and multiples of 16: aligned.
    std::atomic_ref(*reinterpret_cast<std::uint32_t*>(at + offsetof(nvme::Completion, cid)))
        .store(last, std::memory_order_release);
    if (++tail_ == size_) {
      tail_ = 0;
      phase_ = !phase_;
    }
    has_news_ = true;
  }
  // True if something was posted since the last call.
  bool take_news() {
    if (!has_news_) return false;
    has_news_ = false;
    bells_.cq_tail.store(tail_);
    return true;
  }

  // Looks at the doorbell. False: its value is none that can be (told once).
  bool look() {
    const std::uint32_t value = shadow_.value != nullptr ? shadow_.load() : bells_.cq_head.load();
    if (value == head_) return true;
    // Not beyond what was posted, and not back.
    const std::uint32_t moved = (value + size_ - head_) % size_;
    if (value < size_ && moved <= used()) {
      head_ = value;
      return true;
    }
    const bool is_new = value != bad_;
    bad_ = value;
    return !is_new;
  }

 private:
  std::uint32_t used() const { return (tail_ + size_ - head_) % size_; }

  const std::uint16_t id_;
  const std::span<std::byte> ring_;
  const std::uint32_t size_;
  const std::uint16_t vector_;
  const bool interrupts_;
  NvmeQueueDoorbells& bells_;
  NvmeShadow shadow_;
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
  std::uint32_t reserved_ = 0;
  std::uint32_t users_ = 0;
  std::uint32_t bad_ = 0;
  bool phase_ = true;
  bool has_news_ = false;
};

class NvmeSubmissionQueue {
 public:
  // `ring`: `size` entries, 2 to kMaxQueueEntries. `completions` outlives it.
  NvmeSubmissionQueue(std::uint16_t id, std::span<std::byte> ring, std::uint32_t size,
                      NvmeCompletionQueue& completions, NvmeQueueDoorbells& bells)
      : id_(id), ring_(ring), size_(size), completions_(completions), bells_(bells) {
    completions_.add_user();
    bells_.sq_tail.store(0);
    bells_.has_sq.store(true);
  }
  ~NvmeSubmissionQueue() {
    bells_.has_sq.store(false);
    completions_.remove_user();
  }
  NvmeSubmissionQueue(const NvmeSubmissionQueue&) = delete;
  NvmeSubmissionQueue& operator=(const NvmeSubmissionQueue&) = delete;

  std::uint16_t id() const { return id_; }
  std::uint16_t head() const { return static_cast<std::uint16_t>(head_); }
  NvmeCompletionQueue& completions() { return completions_; }
  NvmeQueueDoorbells& bells() { return bells_; }
  const NvmeShadow& shadow() const { return shadow_; }
  void use_shadow(const NvmeShadow& shadow) {
    shadow_ = shadow;
    shadow_.store(tail_);
    shadow_.arm(tail_);
  }
  // The driver is to write the register when it moves the tail.
  void arm() const {
    if (shadow_.value != nullptr) shadow_.arm(tail_);
  }

  // Looks at the doorbell. False: its value is none that can be (told once).
  bool look() {
    const std::uint32_t value = shadow_.value != nullptr ? shadow_.load() : bells_.sq_tail.load();
    if (value < size_) {
      tail_ = value;
      return true;
    }
    const bool is_new = value != bad_;
    bad_ = value;
    return !is_new;
  }
  bool has_command() const { return head_ != tail_; }
  // The next one, copied once.
  nvme::Command take() {
    nvme::Command command;
    std::memcpy(&command, ring_.data() + std::size_t{head_} * sizeof command, sizeof command);
    if (++head_ == size_) head_ = 0;
    return command;
  }

  std::uint32_t in_flight = 0;
  // DELETE I/O SUBMISSION QUEUE was asked for: nothing more is taken, and when nothing is in flight
  // that command is complete.
  bool is_ending = false;
  std::uint16_t end_cid = 0;

 private:
  const std::uint16_t id_;
  const std::span<std::byte> ring_;
  const std::uint32_t size_;
  NvmeCompletionQueue& completions_;
  NvmeQueueDoorbells& bells_;
  NvmeShadow shadow_;
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
  std::uint32_t bad_ = 0;
};

}  // namespace skiff
