// One access of a guest to a device register, and what can become of it.
#pragma once

#include <cstdint>

namespace skiff {

struct IoAccess {
  std::uint64_t offset = 0;  // from the start of the device's registers [bytes]
  std::uint8_t width = 1;    // 1, 2, 4 or 8 [bytes]
};

enum class IoStatus : std::uint8_t {
  ok,
  no_such_register,  // nothing lives at this offset (or address)
  bad_width,         // something does, but not at this width, or the access crosses its end
  misaligned,
  busy,  // the device cannot take it now (a full console buffer). Nothing has changed; the vCPU
         // waits a moment, interruptibly, and makes the same access again: a bus wait state.
};

}  // namespace skiff
