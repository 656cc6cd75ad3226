// Any bytes as a kernel, by any protocol: loading ends with a state whose parts are in RAM, or with
// an Error. The first byte selects the protocol, the rest is the file.
#include <array>
#include <cstdlib>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"
#include "vmm/base/log.h"
#include "vmm/boot/x86_64/load_guest.h"

namespace {

using skiff::BootRequest;
using skiff::MiB;

constexpr std::uint64_t kRam = 24 * MiB;

void require(bool condition) {
  if (!condition) std::abort();
}

BootRequest make_request(const skiff::GuestMemory& memory, unsigned selector) {
  BootRequest request{.memory = memory};
  request.kernel = "kernel";
  request.initrd = "initrd";
  request.protocol = static_cast<BootRequest::Protocol>(selector % 6);
  request.flat.mode = static_cast<BootRequest::Mode>(selector / 6 % 3);
  request.flat.address = request.flat.mode == BootRequest::Mode::real ? 0x7c00 : MiB;
  request.memory_map = {{{0, 0x9'fc00}, skiff::MemoryType::usable},
                        {{0x9'fc00, 0x400}, skiff::MemoryType::reserved},
                        {{MiB, kRam - MiB}, skiff::MemoryType::usable}};
  request.memory_is_zero = true;  // clearing up to 24 MiB a run would only be slow
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::array kRanges = {skiff::Range{0, kRam}};
  static const skiff::GuestMemory memory(kRanges, {.huge_pages = skiff::HugePages::off});
  static const bool quiet = [] {
    skiff::log_setup(skiff::LogLevel::off, "");
    return true;
  }();
  if (!quiet || size == 0) return 0;
  const BootRequest request = make_request(memory, data[0]);
  const auto file = std::as_bytes(std::span(data, size)).subspan(1);
  skiff::BytesSource kernel("kernel", file);
  const std::array<std::byte, 100> ramdisk{};
  skiff::BytesSource initrd("initrd", ramdisk);
  const bool flat = request.protocol == BootRequest::Protocol::flat;
  try {
    const skiff::BootState state = load_guest(request, kernel, flat ? nullptr : &initrd);
    for (std::size_t i = 0; i < state.ranges.size(); ++i) {
      const skiff::Range& range = state.ranges[i].range;
      require(memory.slice(skiff::GuestAddress(range.start), range.size).has_value());
      require(i == 0 || state.ranges[i - 1].range.last() < range.start);
    }
    require(memory.slice(skiff::GuestAddress(state.cs.base + state.rip), 1).has_value());
  } catch (const skiff::Error&) {
  }
  return 0;
}
