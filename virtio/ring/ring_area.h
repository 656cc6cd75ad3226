// Proofs that SplitRing::create and PackedRing::create share. Only for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "virtio/ring/queue_config.h"
#include "vmm/io/guest_memory.h"

namespace skiff {

// The host address of `length` bytes at `address` (length at least 1, alignment a power of two), if
// they are aligned and RAM of one region; otherwise a sentence for the log.
std::expected<std::byte*, std::string> ring_area(const GuestMemory& memory, std::string_view what,
                                                 GuestAddress address, std::uint64_t length,
                                                 std::uint64_t alignment);

std::string bad_queue_size(const QueueConfig& config);

}  // namespace skiff
