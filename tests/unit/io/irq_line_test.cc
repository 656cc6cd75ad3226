#include "vmm/io/irq_line.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "tests/fakes/fake_irq_sink.h"

namespace skiff {
namespace {

TEST(IrqLine, PassesOnlyChangesOn) {
  FakeIrqSink pin;
  IrqLine line(&pin);
  line.lower();
  EXPECT_TRUE(pin.history.empty());
  line.raise();
  line.raise();
  line.lower();
  line.lower();
  EXPECT_EQ(pin.history, (std::vector<bool>{true, false}));
}

TEST(IrqLine, LowersItselfWhenDestroyed) {
  FakeIrqSink pin;
  {
    IrqLine line(&pin);
    line.raise();
    EXPECT_TRUE(pin.level);
  }
  EXPECT_FALSE(pin.level);
}

TEST(IrqLine, PulseIsUpAndDownFromEitherLevel) {
  FakeIrqSink pin;
  IrqLine line(&pin);
  line.pulse();
  EXPECT_EQ(pin.history, (std::vector<bool>{true, false}));
  line.raise();
  line.pulse();
  EXPECT_FALSE(pin.level);
  line.raise();
  EXPECT_TRUE(pin.level) << "the line forgot that the pulse left it low";
}

TEST(IrqLine, WireThatLeadsNowhere) {
  IrqLine line(nullptr);
  line.raise();
  line.pulse();
  line.on_eoi([] {});
  line.lower();
}

TEST(IrqLine, EndOfInterruptReachesTheDeviceOnlyWhileItLives) {
  FakeIrqSink pin;
  int ends = 0;
  {
    IrqLine line(&pin);
    line.on_eoi([&ends] { ++ends; });
    ASSERT_TRUE(pin.eoi_handler);
    pin.eoi_handler();
  }
  EXPECT_EQ(ends, 1);
  EXPECT_FALSE(pin.eoi_handler) << "the pin still calls a device that is gone";
}

TEST(IrqLine, ALineWithoutHandlerLeavesThePinsAlone) {
  FakeIrqSink pin;
  int ends = 0;
  pin.set_eoi_handler([&ends] { ++ends; });
  {
    IrqLine line(&pin);
  }
  ASSERT_TRUE(pin.eoi_handler);
}

// The race `sync` is for: each thread changes the device's state and then drives the wire. However
// they interleave, the wire ends at the level the device ended at.
TEST(IrqLine, SyncOfTwoThreadsEndsAtTheDevicesLevel) {
  FakeIrqSink pin;
  IrqLine line(&pin);
  Mutex mutex;
  bool wanted = false;
  const auto set = [&](bool level) {
    {
      MutexLock lock(mutex);
      wanted = level;
    }
    line.sync([&] {
      MutexLock lock(mutex);
      return wanted;
    });
  };
  constexpr int kRounds = 5000;
  int wrong = 0;
  std::barrier rendezvous(2);
  std::jthread other([&] {
    for (int i = 0; i < kRounds; ++i) {
      rendezvous.arrive_and_wait();
      set(true);
      rendezvous.arrive_and_wait();
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    rendezvous.arrive_and_wait();
    set(false);
    rendezvous.arrive_and_wait();
    wrong += pin.level != wanted ? 1 : 0;
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace skiff
