// The pvpanic device: QEMU, docs/specs/pvpanic.rst; Linux, include/uapi/misc/pvpanic.h.
#pragma once

#include <cstdint>

namespace skiff::pvpanic {

inline constexpr std::uint64_t kEvents = 0;
inline constexpr std::uint8_t kPanicked = 0x01;     // the guest has panicked
inline constexpr std::uint8_t kCrashLoaded = 0x02;  // ... and its crash kernel takes over
inline constexpr std::uint8_t kSupported = kPanicked | kCrashLoaded;

}  // namespace skiff::pvpanic
