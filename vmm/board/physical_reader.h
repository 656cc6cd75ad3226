// Guest-physical memory as those see it who walk a guest's tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace skiff {

class GuestMemory;

// Copies guest-physical memory; false, and nothing copied, if any byte of it is not RAM.
using PhysicalReader = std::function<bool(std::uint64_t address, std::span<std::byte> out)>;

// `memory` outlives it.
PhysicalReader physical_reader(const GuestMemory& memory);

}  // namespace skiff
