// What loading an arm64 guest is asked, and what it leaves for the board. Plain data that knows no
// KVM and no device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vmm/boot/boot_layout.h"
#include "vmm/io/guest_memory.h"

namespace skiff::arm64 {

struct BootRequest {
  const GuestMemory& memory;
  std::string kernel = {};
  std::string initrd = {};  // empty: none
  // RAM was never written: what is zero already is not cleared again.
  bool memory_is_zero = false;
};

// The registers of the first instruction: Documentation/arm64/booting.rst wants X0 to hold the
// device tree's address, X1 to X3 zero, and all exceptions masked at EL1 or EL2.
struct BootState {
  std::uint64_t pc = 0;
  std::uint64_t device_tree = 0;  // X0
  Range initrd{};                 // empty: none
  std::string description{};      // "Image at 0x40000000 of kernel vmlinuz"
  std::vector<NamedRange> ranges{};
};

// `state.description`, and the map of `state.ranges`, ascending, one line each.
std::string describe(const BootState& state);

}  // namespace skiff::arm64
