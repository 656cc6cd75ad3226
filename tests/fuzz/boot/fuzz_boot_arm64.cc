// Any bytes as an arm64 kernel: loading ends with a state whose parts are in RAM and apart, or with
// an Error.
#include <array>

#include "tests/fuzz/fuzz_input.h"
#include "vmm/base/bits.h"
#include "vmm/base/error.h"
#include "vmm/boot/aarch64/load_guest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::array kRanges = {skiff::Range{skiff::GiB, 24 * skiff::MiB}};
  static const skiff::GuestMemory memory(kRanges, {.huge_pages = skiff::HugePages::off});
  skiff::BytesSource kernel("kernel", std::as_bytes(std::span(data, size)));
  const std::array<std::byte, 100> ramdisk{};
  skiff::BytesSource initrd("initrd", ramdisk);
  try {
    const auto state =
        skiff::arm64::load_guest({.memory = memory, .memory_is_zero = true}, kernel, &initrd);
    for (std::size_t i = 0; i < state.ranges.size(); ++i) {
      const skiff::Range& range = state.ranges[i].range;
      skiff::require(memory.slice(skiff::GuestAddress(range.start), range.size).has_value());
      skiff::require(i == 0 || state.ranges[i - 1].range.last() < range.start);
    }
    skiff::require(state.pc % 4 == 0 && state.device_tree % 8 == 0);
    skiff::require(memory.slice(skiff::GuestAddress(state.pc), 1).has_value());
  } catch (const skiff::Error&) {
  }
  return 0;
}
