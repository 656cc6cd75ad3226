// The entropy device under any driver, with and without a rate limit. Beyond not crashing: after a
// reset it is as new, and works.
#include <chrono>
#include <cstdlib>

#include "tests/fakes/fake_clock.h"
#include "tests/fuzz/virtio/console/hostile_driver.h"
#include "virtio/rng/rng_device.h"

namespace skiff {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void reset(RngDevice& rng, FakeVirtioDriver& driver, FakeClock& clock) {
  bool done = false;
  rng.reset([&done] { done = true; });
  clock.run();
  require(done);
  driver.lay_rings();
}

void run(GuestProgram program) {
  FakeClock clock;
  RngOptions options;
  if (program.byte() % 2 != 0) options.bandwidth = {.per_second = 1000, .burst = 100};
  RngDevice rng("rng0", options, clock, clock);
  HostileDriver hostile(rng, program);
  FakeVirtioDriver& driver = hostile.driver;
  driver.activate(0);
  for (int steps = 0; !program.at_end() && steps < 2000; ++steps) {
    switch (program.byte() % 8) {
      case 0:
        reset(rng, driver, clock);
        driver.activate(program.value(1));
        break;
      case 1:
        clock.advance(std::chrono::milliseconds(program.byte()));
        break;
      case 2:
        clock.run(program.byte() % 8);
        break;
      default:
        hostile.step();
        break;
    }
  }
  clock.run();
  reset(rng, driver, clock);
  const int faults = driver.interrupts.needs_reset();
  driver.activate(0);
  clock.advance(std::chrono::hours(1));
  driver.give(0, 16);
  clock.run();
  clock.advance(std::chrono::hours(1));
  clock.run();
  require(driver.take(0)->size() == 16);
  require(driver.interrupts.needs_reset() == faults);
}

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  skiff::log_setup(skiff::LogLevel::off, {});
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skiff::run(skiff::GuestProgram(data, size));
  return 0;
}
