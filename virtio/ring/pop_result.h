#pragma once

#include <cstdint>

namespace skiff {

// See Virtqueue.
enum class PopResult : std::uint8_t { chain, empty, broken };

}  // namespace skiff
