// Counts how often a device said that it has room for input.
// Thread rule: any thread.
#pragma once

#include <atomic>

#include "vmm/io/byte_channel.h"

namespace skiff {

class FakeReceiveRoomListener final : public ReceiveRoomListener {
 public:
  void on_receive_room() noexcept override { calls.fetch_add(1); }

  std::atomic<int> calls{0};
};

}  // namespace skiff
