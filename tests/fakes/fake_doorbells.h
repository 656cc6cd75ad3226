// Doorbells a test rings by hand. Refuses what KVM refuses: the same address, width and value
// twice. Thread rule: any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/io/doorbell.h"

namespace skiff {

class FakeDoorbells final : public DoorbellRegistry {
 public:
  std::expected<std::unique_ptr<Doorbell>, std::string> attach(const DoorbellAddress& address,
                                                               const EventFd& event) override {
    MutexLock lock(mutex_);
    if (refuse_) return std::unexpected("no room for another");
    const auto taken = [&](const Entry& entry) { return overlap(entry.address, address); };
    if (std::ranges::any_of(attached_, taken)) return std::unexpected("File exists");
    attached_.push_back({++last_id_, address, &event});
    ++attaches_;
    return std::make_unique<Attached>(*this, last_id_);
  }

  // A guest's write: true if a doorbell took it, so that it does not reach the bus.
  bool ring(std::uint64_t address, std::uint8_t width, std::uint64_t value) {
    MutexLock lock(mutex_);
    for (const Entry& entry : attached_) {
      if (entry.address.address != address) continue;
      if (entry.address.width != 0 && entry.address.width != width) continue;
      if (entry.address.value && *entry.address.value != value) continue;
      entry.event->signal();
      return true;
    }
    return false;
  }

  std::size_t count() const {
    MutexLock lock(mutex_);
    return attached_.size();
  }
  // How many were ever attached.
  int attaches() const {
    MutexLock lock(mutex_);
    return attaches_;
  }
  std::vector<DoorbellAddress> addresses() const {
    MutexLock lock(mutex_);
    std::vector<DoorbellAddress> all;
    for (const Entry& entry : attached_)
      all.push_back(entry.address);
    return all;
  }
  void refuse(bool refuse) {
    MutexLock lock(mutex_);
    refuse_ = refuse;
  }

 private:
  struct Entry {
    int id;
    DoorbellAddress address;
    const EventFd* event;
  };
  class Attached final : public Doorbell {
   public:
    Attached(FakeDoorbells& owner, int id) : owner_(owner), id_(id) {}
    ~Attached() override {
      MutexLock lock(owner_.mutex_);
      std::erase_if(owner_.attached_, [this](const Entry& entry) {
        return entry.id == id_ && entry.event->fd() >= 0;  // detaching names the event again
      });
    }
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;

   private:
    FakeDoorbells& owner_;
    const int id_;
  };

  static bool overlap(const DoorbellAddress& a, const DoorbellAddress& b) {
    const bool same_width = a.width == b.width || a.width == 0 || b.width == 0;
    const bool same_value = !a.value || !b.value || *a.value == *b.value;
    return a.space == b.space && a.address == b.address && same_width && same_value;
  }

  mutable Mutex mutex_;
  std::vector<Entry> attached_ SKIFF_GUARDED_BY(mutex_);
  int last_id_ SKIFF_GUARDED_BY(mutex_) = 0;
  int attaches_ SKIFF_GUARDED_BY(mutex_) = 0;
  bool refuse_ SKIFF_GUARDED_BY(mutex_) = false;
};

}  // namespace skiff
