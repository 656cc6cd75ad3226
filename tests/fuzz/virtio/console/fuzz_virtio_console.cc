// The console under any driver, input, window sizes, resets, and sinks that fill and empty. Beyond
// not crashing: after a reset the device is as new, and works.
#include <cstdlib>

#include "tests/fakes/fake_byte_sink.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_receive_room_listener.h"
#include "tests/fuzz/virtio/console/hostile_driver.h"
#include "virtio/console/console_device.h"
#include "virtio/console/console_regs.h"

namespace skiff {
namespace {

using namespace virtio_console;

void require(bool holds) {
  if (!holds) std::abort();
}

void reset(ConsoleDevice& console, FakeVirtioDriver& driver, FakeClock& clock) {
  bool done = false;
  console.reset([&done] { done = true; });
  clock.run();
  require(done);
  driver.lay_rings();
}

void say(FakeVirtioDriver& driver, GuestProgram& program) {
  const ControlMessage message = {.id = program.byte() % 4U,
                                  .event = static_cast<std::uint16_t>(program.byte() % 9),
                                  .value = static_cast<std::uint16_t>(program.byte() % 2)};
  const GuestAddress at = driver.buffer(kControlTransmitQueue);
  driver.memory().store(at, message);
  if (driver.queue(kControlTransmitQueue).free() != 0) {
    driver.queue(kControlTransmitQueue).offer({{at, sizeof message}});
  }
  driver.kick(kControlTransmitQueue);
}

void run(GuestProgram program) {
  FakeClock clock;
  std::array<FakeByteSink, 3> sinks;
  FakeReceiveRoomListener listener;
  const std::uint8_t shape = program.byte();
  std::vector<ConsolePortOptions> ports = {{.name = {}, .is_console = true, .sink = sinks.data()}};
  if ((shape & 3) != 0) {
    ports.push_back({.name = std::string(shape >> 2, 'n'), .is_console = false, .sink = &sinks[1]});
    ports.push_back({.name = {}, .is_console = true, .sink = &sinks[2]});
  }
  ConsoleDevice console("console0", ports, clock, clock);
  for (std::size_t i = 0; i < ports.size(); ++i)
    console.port(i).set_room_listener(&listener);
  HostileDriver hostile(console, program);
  FakeVirtioDriver& driver = hostile.driver;
  driver.activate(console.features());
  for (int steps = 0; !program.at_end() && steps < 4000; ++steps) {
    CharacterDevice& port = console.port(program.byte() % ports.size());
    switch (program.byte() % 16) {
      case 0: {
        const auto text = program.text(program.byte());
        require(port.receive(text) <= text.size());
        break;
      }
      case 1:
        port.receive(std::array<std::byte, 5000>{});
        break;
      case 2:
        sinks[program.byte() % sinks.size()].set_room(program.byte());
        port.on_transmit_room();
        break;
      case 3:
        port.on_window_size(program.byte(), program.byte());
        break;
      case 4:
        reset(console, driver, clock);
        driver.activate(program.byte() < 0xc0 ? console.features() : program.byte() & 7);
        break;
      case 5: {
        std::array<std::byte, 8> out;
        console.read_config(program.value(1), std::span(out).first(program.byte() % 9));
        console.write_config(program.value(1), program.text(program.byte() % 9));
        break;
      }
      case 6:
      case 7:
        if (ports.size() > 1) say(driver, program);
        break;
      case 8:
      case 9:
        clock.run(program.byte() % 8);
        break;
      default:
        hostile.step();
        break;
    }
  }
  clock.run();
  reset(console, driver, clock);
  const int faults = driver.interrupts.needs_reset();
  driver.activate(kFeatureSize);
  clock.run();
  for (FakeByteSink& sink : sinks)
    sink.set_room(1'000'000);
  console.port(0).on_transmit_room();
  const std::size_t before = sinks[0].text().size();
  driver.send(1, "clean");
  driver.give(0, 16);
  console.port(0).receive(std::array<std::byte, 1>{});
  clock.run();
  require(sinks[0].text().substr(before) == "clean");
  require(driver.take(0).has_value());
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
