// The registers of a GICv2m frame, by the names of Arm's Server Base System Architecture (ARM DEN
// 0029), appendix E.
#pragma once

#include <cstdint>

namespace skiff::gicv2m {

inline constexpr std::uint64_t kMsiTyper =
    0x008;  // first INTID in bits 16 to 25, how many in 0 to 9
inline constexpr std::uint64_t kMsiSetspiNs = 0x040;  // a message: its INTID is written here
inline constexpr std::uint64_t kMsiIidr = 0xfcc;
inline constexpr std::uint64_t kSize = 0x1000;

constexpr std::uint32_t typer(std::uint32_t first_intid, std::uint32_t count) {
  return (first_intid & 0x3ff) << 16 | (count & 0x3ff);
}

// Product 'S' in bits 20 to 31; implementer 0, which is nobody's JEDEC code: no driver has quirks
// for it.
inline constexpr std::uint32_t kIidr = 0x53U << 20;

}  // namespace skiff::gicv2m
