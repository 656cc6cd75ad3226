// Control and flag registers in the words of the manuals.
// Sources: Intel SDM volume 3, 2.3 (RFLAGS), 2.5 (CR0, CR4), 2.2.1 (EFER); AMD APM volume 2, 3.1.
#pragma once

#include <cstdint>
#include <string>

#include "vmm/kvm/x86_64/vcpu_state.h"

namespace skiff {

inline constexpr std::uint64_t kEferLongActive = 1ULL << 10;
inline constexpr std::uint64_t kFlagsInterrupts = 1ULL << 9;

// Names of the bits that are set, "PG WP PE", highest first; bits without a name as "bit13".
std::string cr0_bits(std::uint64_t value);
std::string cr4_bits(std::uint64_t value);
std::string efer_bits(std::uint64_t value);
std::string rflags_bits(std::uint64_t value);  // with IOPL=n where not 0; bit 1 is not named

// "64-bit code, ring 0, readable": type and attributes of a segment register.
std::string segment_attributes(const SegmentState& segment);

}  // namespace skiff
