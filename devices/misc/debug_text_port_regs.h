// The debug ports of Bochs (0xe9, "port e9 hack") and of SeaBIOS and OVMF under QEMU (0x402,
// isa-debugcon).
#pragma once

#include <cstdint>

namespace skiff::debug_text_port {

inline constexpr std::uint64_t kText = 0;
inline constexpr std::uint8_t kPresent = 0xe9;  // what a read gives: "the port is there"

}  // namespace skiff::debug_text_port
