// The 8254 under any sequence of accesses while time passes, also in leaps. Beyond not crashing:
// the timer never runs hot, and no counter's next edge lies in the past.

#include "devices/timer/pit_8254.h"
#include "devices/timer/pit_regs.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fuzz/devices/guest_program.h"
#include "tests/fuzz/fuzz_input.h"

namespace skiff {
namespace {

using namespace pit;

void run(GuestProgram program) {
  FakeClock clock;
  FakeIrqSink irq;
  Pit8254 pit("pit", &irq, clock, clock);
  for (int step = 0; step < 1000 && !program.at_end(); ++step) {
    const auto before = clock.monotonic();
    const int edges = irq.edges;
    switch (program.byte() % 8) {
      case 0:
      case 1:
        check_read(pit, program.access(kRegisters));
        break;
      case 2:
      case 3: {
        const IoAccess access = program.access(kRegisters);
        pit.write(access, program.value(1));
        break;
      }
      case 4: {
        const unsigned counter = program.byte() % 3U;
        pit.write({kControl, 1}, counter << kSelectShift | (program.byte() & 0x3fU));
        pit.write({counter, 1}, program.byte());
        pit.write({counter, 1}, program.byte());
        break;
      }
      case 5:
        clock.advance(std::chrono::nanoseconds(program.value(2)));
        break;
      case 6:
        clock.advance(std::chrono::microseconds(program.value(2)));
        break;
      default:
        if (program.byte() % 16 == 0) clock.advance(std::chrono::seconds(program.byte() % 4));
        break;
    }
    const auto passed = clock.monotonic() - before;
    require(irq.edges - edges <= 3 + passed / Pit8254::kShortestPeriod);
    const std::uint64_t tick =
        static_cast<std::uint64_t>(clock.monotonic().count()) / 1000 * kFrequency / 1'000'000;
    for (const PitCounter& counter : pit.state().counters) {
      if (const auto next = counter.next_rise(tick)) require(*next > tick);
      counter.count(tick);
    }
  }
}

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skiff::run(skiff::GuestProgram(data, size));
  return 0;
}
