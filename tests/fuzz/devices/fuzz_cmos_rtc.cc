// The real-time clock under any sequence of accesses while time passes and the host's clock jumps.
#include <cstdlib>

#include "devices/rtc/cmos_rtc.h"
#include "devices/rtc/cmos_rtc_regs.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fuzz/devices/guest_program.h"

namespace skiff {
namespace {

using namespace cmos_rtc;

void require(bool holds) {
  if (!holds) std::abort();
}

void run(GuestProgram program) {
  FakeClock clock;
  clock.set_wall(std::chrono::seconds{1'709'164'799});
  FakeIrqSink irq;
  CmosRtc rtc("rtc", &irq, clock, clock,
              {.below_4g = program.value(8), .above_4g = program.value(8)});
  for (int step = 0; step < 2000 && !program.at_end(); ++step) {
    switch (program.byte() % 8) {
      case 0:
      case 1:
        check_read(rtc, program.access(2));
        break;
      case 2:
      case 3: {
        const IoAccess access = program.access(2);
        rtc.write(access, program.value(access.width <= 8 ? access.width : 1));
        break;
      }
      case 4:
        rtc.write({kIndexPort, 1}, program.byte() % 16);
        rtc.write({kDataPort, 1}, program.byte());
        break;
      case 5:
        clock.advance(std::chrono::microseconds(program.value(2)));
        break;
      case 6:
        clock.advance(std::chrono::seconds(program.value(2) % 100));
        break;
      default:
        clock.set_wall(std::chrono::seconds(static_cast<std::int32_t>(program.value(4))));
        break;
    }
    const CmosRtc::State state = rtc.state();
    const bool irqf = (state.ram[kRegisterB] & state.ram[kRegisterC] & (kPf | kAf | kUf)) != 0;
    require(irq.level == irqf);
    require(state.ram[kRegisterD] == kVrt && (state.ram[kRegisterA] & kUip) == 0);
  }
  rtc.restore(rtc.state());
  rtc.reset();
  require(!irq.level);
}

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skiff::run(skiff::GuestProgram(data, size));
  return 0;
}
