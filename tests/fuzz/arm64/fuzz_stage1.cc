// Stage 1 walks with any registers over any memory: they end, and say what they saw in few words.
#include "tests/fuzz/fuzz_input.h"
#include "vmm/board/aarch64/kernel_memory.h"
#include "vmm/board/aarch64/stage1_walk.h"

namespace skiff::arm64 {
namespace {

// RAM is 64 KiB in which the input comes again and again.
constexpr std::uint64_t kRam = 0x1'0000;

void run(FuzzInput input) {
  Stage1Registers registers;
  registers.sctlr = input.take<std::uint64_t>() | (input.byte() & 1U);
  registers.tcr = input.take<std::uint64_t>();
  registers.ttbr0 = input.take<std::uint64_t>();
  registers.ttbr1 = input.take<std::uint64_t>();
  const auto address = input.take<std::uint64_t>();
  const auto memory = input.bytes(kRam);
  std::size_t reads = 0;
  const PhysicalReader read = [&](std::uint64_t from, std::span<std::byte> out) {
    ++reads;
    if (memory.empty() || from >= kRam || out.size() > kRam - from) return false;
    for (std::size_t at = 0; at < out.size(); ++at)
      out[at] = memory[(from + at) % memory.size()];
    return true;
  };
  const Stage1Walk walk = walk_stage1(registers, address, read);
  require(walk.step_count <= Stage1Walk::kMaxSteps && reads <= Stage1Walk::kMaxSteps + 1);
  require(describe(walk).size() < 1024);
  (void)has_waited(registers, address, read);
  // A whole image is thousands of walks: only now and then.
  if ((address & 0xf0) == 0) {
    const auto image = kernel_image(registers, address, read);
    require(!image || image->size <= 257ULL << 20);
  }
}

}  // namespace
}  // namespace skiff::arm64

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skiff::arm64::run(skiff::FuzzInput(std::as_bytes(std::span(data, size))));
  return 0;
}
