// Message interrupts that remember where they went.
// Thread rule: any thread.
#pragma once

#include <memory>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/io/msi.h"

namespace skiff {

class FakeMsiSink final : public MsiSink {
 public:
  bool is_available() const override { return available_; }
  // Before functions are made.
  void set_available(bool available) { available_ = available; }
  std::unique_ptr<MsiVector> create_vector() override { return std::make_unique<Vector>(*this); }
  void send(const MsiMessage& message) noexcept override {
    MutexLock lock(mutex_);
    if (sent_.size() < kMaxRemembered) sent_.push_back(message);
    ++count_;
  }

  std::vector<MsiMessage> sent() const {
    MutexLock lock(mutex_);
    return sent_;
  }
  std::size_t count() const {
    MutexLock lock(mutex_);
    return count_;
  }
  void clear() {
    MutexLock lock(mutex_);
    sent_.clear();
    count_ = 0;
  }
  // From now on every set_message fails, as with a full routing table.
  void refuse_routes(bool refuse) {
    MutexLock lock(mutex_);
    refuse_ = refuse;
  }
  // How often a vector was given a message.
  std::size_t routes_set() const {
    MutexLock lock(mutex_);
    return routes_set_;
  }

 private:
  static constexpr std::size_t kMaxRemembered = 4096;

  class Vector final : public MsiVector {
   public:
    explicit Vector(FakeMsiSink& sink) : sink_(sink) {}
    std::expected<void, std::string> set_message(const MsiMessage& message) override {
      MutexLock lock(sink_.mutex_);
      if (sink_.refuse_) return std::unexpected("the routing table is full");
      ++sink_.routes_set_;
      message_ = message;
      return {};
    }
    void trigger() noexcept override {
      MsiMessage message;
      {
        MutexLock lock(sink_.mutex_);
        message = message_;
      }
      sink_.send(message);
    }
    int trigger_fd() const noexcept override { return -1; }

   private:
    FakeMsiSink& sink_;
    MsiMessage message_{};
  };

  bool available_ = true;
  mutable Mutex mutex_;
  std::vector<MsiMessage> sent_ SKIFF_GUARDED_BY(mutex_);
  std::size_t count_ SKIFF_GUARDED_BY(mutex_) = 0;
  std::size_t routes_set_ SKIFF_GUARDED_BY(mutex_) = 0;
  bool refuse_ SKIFF_GUARDED_BY(mutex_) = false;
};

}  // namespace skiff
