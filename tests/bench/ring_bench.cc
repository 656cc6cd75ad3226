// What the device's side of a virtqueue costs: pop, complete and publish of one chain of three
// descriptors, with the driver's work outside of the measured time.
//
//   ring_bench [--benchmark_filter=split]      "time" is of a batch, s_per_chain the result
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>

#include "tests/fakes/driver_queue.h"
#include "virtio/ring/virtqueue.h"
#include "vmm/base/bits.h"

namespace skiff {
namespace {

constexpr std::uint16_t kQueueSize = 256;
constexpr std::uint64_t kChains = 64;  // per measured batch

struct Shape {
  bool packed;
  bool indirect;
  bool event_idx;
  bool publish_each;  // or once for the batch
};

void require(bool condition) {
  if (!condition) std::abort();
}

void run_ring(benchmark::State& state, const Shape& shape) {
  // As a PC has it: below and above the 32-bit hole. The buffers lie above.
  constexpr std::array<Range, 2> kRam = {Range{0, 1 * GiB}, Range{4 * GiB, 1 * GiB}};
  constexpr std::uint64_t kHigh = 4 * GiB;
  const GuestMemory memory(kRam, GuestMemoryOptions{HugePages::off, false});
  DriverQueue driver(
      memory, GuestAddress(0x10'0000), kQueueSize,
      {.packed = shape.packed, .indirect = shape.indirect, .event_idx = shape.event_idx});
  Virtqueue queue = Virtqueue::create(driver.config(), memory).value();
  QueueCounters counters;
  queue.count_on(counters);
  const std::array<DriverBuffer, 3> buffers = {{{GuestAddress(kHigh), 16, false},
                                                {GuestAddress(kHigh + 4096), 4096, true},
                                                {GuestAddress(kHigh + 8192), 1, true}}};
  DescriptorChain chain;
  bool interrupt = false;
  double fastest = 1;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < kChains; ++i) {
      if (shape.indirect) {
        driver.offer_indirect(buffers);
      } else {
        driver.offer(buffers);
      }
    }
    const auto began = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < kChains; ++i) {
      require(queue.pop(chain) == PopResult::chain);
      queue.complete(chain, chain.writable_size());
      if (shape.publish_each) interrupt |= queue.publish();
    }
    if (!shape.publish_each) interrupt |= queue.publish();
    const auto ended = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(ended - began).count();
    state.SetIterationTime(seconds);
    fastest = std::min(fastest, seconds);
    while (driver.used()) {
    }
  }
  benchmark::DoNotOptimize(interrupt);
  // Seconds; the console prints them with a suffix, e.g. 35n. The mean has in it what else the
  // machine did, the fastest batch has not.
  state.counters["fastest_batch"] = fastest / kChains;
  state.counters["s_per_chain"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(kChains),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK_CAPTURE(run_ring, split_direct, Shape{false, false, true, true})->UseManualTime();
BENCHMARK_CAPTURE(run_ring, split_indirect, Shape{false, true, true, true})->UseManualTime();
BENCHMARK_CAPTURE(run_ring, packed_direct, Shape{true, false, true, true})->UseManualTime();
BENCHMARK_CAPTURE(run_ring, packed_indirect, Shape{true, true, true, true})->UseManualTime();
BENCHMARK_CAPTURE(run_ring, split_direct_batch, Shape{false, false, true, false})->UseManualTime();
BENCHMARK_CAPTURE(run_ring, split_indirect_batch, Shape{false, true, true, false})->UseManualTime();
BENCHMARK_CAPTURE(run_ring, packed_direct_batch, Shape{true, false, true, false})->UseManualTime();
BENCHMARK_CAPTURE(run_ring, packed_indirect_batch, Shape{true, true, true, false})->UseManualTime();

}  // namespace
}  // namespace skiff

BENCHMARK_MAIN();
