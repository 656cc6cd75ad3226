// The other end of a character stream: remembers what came, has as much room as the test says.
// Thread rule: any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

#include "vmm/base/mutex.h"
#include "vmm/io/byte_channel.h"

namespace skiff {

class FakeByteSink final : public ByteSink {
 public:
  std::size_t write(std::span<const std::byte> bytes) noexcept override {
    MutexLock lock(mutex_);
    ++calls_;
    const std::size_t taken = std::min(bytes.size(), room_);
    for (const std::byte byte : bytes.first(taken))
      text_ += static_cast<char>(byte);
    room_ -= taken;
    return taken;
  }
  bool writable() const noexcept override {
    MutexLock lock(mutex_);
    return room_ != 0;
  }

  void set_room(std::size_t room) {
    MutexLock lock(mutex_);
    room_ = room;
  }
  std::string text() const {
    MutexLock lock(mutex_);
    return text_;
  }
  int calls() const {
    MutexLock lock(mutex_);
    return calls_;
  }

 private:
  mutable Mutex mutex_;
  std::string text_ SKIFF_GUARDED_BY(mutex_);
  std::size_t room_ SKIFF_GUARDED_BY(mutex_) = static_cast<std::size_t>(-1);
  int calls_ SKIFF_GUARDED_BY(mutex_) = 0;
};

}  // namespace skiff
