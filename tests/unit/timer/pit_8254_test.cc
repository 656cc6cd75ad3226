// The 8254 as a device: IRQ 0 on a clock that the test turns, port 0x61, commands to several
// counters, and accesses no driver makes.
#include "devices/timer/pit_8254.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "devices/timer/pit_regs.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/register_access.h"
#include "tests/fakes/timer_only_executor.h"

namespace skiff {
namespace {

using namespace pit;
using namespace std::chrono_literals;

class PitTest : public testing::Test {
 protected:
  void program(std::uint8_t control, std::uint16_t count) {
    const std::uint64_t counter = control >> kSelectShift;
    write_register(pit_, kControl, control);
    write_register(pit_, counter, count & 0xff);
    write_register(pit_, counter, count >> 8);
  }
  void ticks(std::uint64_t count) {
    clock_.advance(std::chrono::nanoseconds((count * 1'000'000'000 + kFrequency - 1) / kFrequency));
  }

  FakeClock clock_;
  FakeIrqSink irq_;
  Pit8254 pit_{"pit", &irq_, clock_, clock_};
};

TEST_F(PitTest, SilentUntilItIsProgrammed) {
  clock_.advance(1h);
  EXPECT_TRUE(irq_.history.empty());
}

TEST_F(PitTest, AHundredTicksASecond) {
  program(0x34, 11932);
  clock_.advance(1s);
  EXPECT_EQ(irq_.edges, 1 + 99) << "OUT is up from the beginning; the period is a bit above 10 ms";
  clock_.advance(1h);
  EXPECT_EQ(irq_.edges, 1 + 360'094) << "3601 * 1193182 / 11932: no drift";
}

TEST_F(PitTest, OneShotInModeZeroAndAgain) {
  for (int i = 1; i <= 3; ++i) {
    program(0x30, 1000);
    EXPECT_FALSE(irq_.level);
    ticks(1000);
    EXPECT_FALSE(irq_.level) << "count and one";
    ticks(2);
    EXPECT_TRUE(irq_.level);
    EXPECT_EQ(irq_.edges, i);
    clock_.advance(10s);
    EXPECT_EQ(irq_.edges, i);
  }
}

TEST_F(PitTest, OneShotInModeFour) {
  program(0x38, 1000);
  const int before = irq_.edges;  // OUT went up
  ticks(1005);
  EXPECT_EQ(irq_.edges, before + 1);
  clock_.advance(10s);
  EXPECT_EQ(irq_.edges, before + 1);
}

TEST_F(PitTest, AControlWordStopsIt) {
  program(0x36, 11932);
  clock_.advance(1s);
  const int before = irq_.edges;
  write_register(pit_, kControl, 0x30);
  EXPECT_FALSE(irq_.level);
  clock_.advance(10s);
  EXPECT_EQ(irq_.edges, before);
}

TEST_F(PitTest, PeriodsTooShortForAHostAreMerged) {
  program(0x34, 2);
  const int before = irq_.edges;
  clock_.advance(1s);
  EXPECT_LE(irq_.edges - before, 5001);
  EXPECT_GE(irq_.edges - before, 4999);
}

TEST_F(PitTest, CountersOneAndTwoInterruptNobody) {
  program(0x74, 1000);
  write_register(pit_, kPortB, kGate2);
  program(0xb4, 1000);
  clock_.advance(1s);
  EXPECT_TRUE(irq_.history.empty());
}

// As Linux measures its TSC (arch/x86/kernel/tsc.c, pit_calibrate_tsc).
TEST_F(PitTest, PortBShowsTheOutOfCounterTwo) {
  write_register(pit_, kPortB, (read_register(pit_, kPortB) & ~0x02U) | 0x01);
  program(0xb0, 11932);
  EXPECT_EQ(read_register(pit_, kPortB) & kOut2, 0U);
  ticks(11931);
  EXPECT_EQ(read_register(pit_, kPortB) & kOut2, 0U);
  ticks(4);
  EXPECT_EQ(read_register(pit_, kPortB) & kOut2, kOut2);
}

TEST_F(PitTest, TheGateHoldsCounterTwo) {
  program(0xb0, 1000);
  clock_.advance(1s);
  EXPECT_EQ(read_register(pit_, kPortB) & kOut2, 0U);
  write_register(pit_, kPortB, kGate2);
  ticks(1005);
  EXPECT_EQ(read_register(pit_, kPortB) & kOut2, kOut2);
}

TEST_F(PitTest, PortBKeepsItsLowBitsAndToggles) {
  write_register(pit_, kPortB, 0xff);
  const std::uint64_t first = read_register(pit_, kPortB);
  EXPECT_EQ(first & 0xcfU, 0x0fU);
  ticks(kRefreshTicks);
  EXPECT_EQ((read_register(pit_, kPortB) ^ first) & 0x10U, 0x10U);
}

TEST_F(PitTest, ReadBackLatchesTheCountersItNames) {
  for (const std::uint8_t control : std::initializer_list<std::uint8_t>{0x34, 0x74})
    program(control, 0x8000);
  ticks(0x100);
  write_register(pit_, kControl, 0xc0 | 0x06);  // count and status of 0 and 1
  ticks(0x1000);
  for (const std::uint64_t counter : {0U, 1U}) {
    EXPECT_EQ(read_register(pit_, counter), 0xb4U) << "OUT up, loaded, both bytes, mode 2";
    const std::uint64_t low = read_register(pit_, counter);
    const std::uint64_t count = read_register(pit_, counter) << 8 | low;
    EXPECT_NEAR(static_cast<double>(count), 0x8000 - 0x100, 2);
  }
  write_register(pit_, kControl, 0xe0 | 0x02);  // status of 0
  EXPECT_EQ(read_register(pit_, 0), 0xb4U);
  write_register(pit_, kControl, 0xd0 | 0x02);  // count of 0
  EXPECT_NE(read_register(pit_, 0), 0xb4U);
}

TEST_F(PitTest, ALatchCommandIsNoControlWord) {
  program(0x34, 0x8000);
  const int edges = irq_.edges;
  write_register(pit_, kControl, 0x00);
  ticks(0x8005);
  EXPECT_EQ(irq_.edges, edges + 1) << "it goes on counting";
}

// A timer that comes late, as a busy host's does.
class LateExecutor final : public TimerOnlyExecutor {
 public:
  std::unique_ptr<Timer> create_timer(std::function<void()> on_expiry) override {
    fire = std::move(on_expiry);
    return std::make_unique<LateTimer>(*this);
  }
  std::function<void()> fire;
  std::optional<Clock::Nanoseconds> deadline;

 private:
  struct LateTimer final : Timer {
    explicit LateTimer(LateExecutor& executor) : owner(executor) {}
    void arm(Clock::Nanoseconds at) noexcept override { owner.deadline = at; }
    void cancel() noexcept override { owner.deadline.reset(); }
    LateExecutor& owner;
  };
};

TEST(PitLate, EdgesThatArePastAreOneAndThePhaseStays) {
  FakeClock clock;
  FakeIrqSink irq;
  LateExecutor executor;
  Pit8254 pit("pit", &irq, clock, executor);
  write_register(pit, kControl, 0x34);
  write_register(pit, 0, 11932 & 0xff);
  write_register(pit, 0, 11932 >> 8);
  const auto first = *executor.deadline;
  clock.advance(95ms);
  executor.fire();
  EXPECT_EQ(irq.edges, 2) << "nine periods, one edge beside the first";
  const auto period = std::chrono::nanoseconds(11932ULL * 1'000'000'000 / kFrequency);
  const auto off = *executor.deadline - (first + 9 * period);
  EXPECT_LE(std::chrono::abs(off), 10us) << "where it would have come anyway";
}

TEST(PitLate, ACallThatWasUnderWayFindsNothingDue) {
  FakeClock clock;
  FakeIrqSink irq;
  LateExecutor executor;
  Pit8254 pit("pit", &irq, clock, executor);
  write_register(pit, kControl, 0x30);
  write_register(pit, 0, 0);
  write_register(pit, 0, 1);
  executor.fire();
  EXPECT_EQ(irq.edges, 0);
  ASSERT_TRUE(executor.deadline);
  write_register(pit, kControl, 0x30);
  EXPECT_FALSE(executor.deadline);
  clock.advance(1s);
  executor.fire();
  EXPECT_EQ(irq.edges, 0);
}

// Time passes between any two looks at it, as it does when a thread is kept from its processor.
class SteppingClock final : public Clock {
 public:
  Nanoseconds monotonic() const override { return now += 20us; }
  Nanoseconds wall() const override { return now; }
  mutable Nanoseconds now{0};
};

TEST(PitLate, AShotThatIsOverBeforeItsTimerIsArmedStillComes) {
  for (const std::uint8_t mode : std::initializer_list<std::uint8_t>{0x30, 0x38}) {
    const SteppingClock clock;
    FakeIrqSink irq;
    LateExecutor executor;
    Pit8254 pit("pit", &irq, clock, executor);
    write_register(pit, kControl, mode);
    const int before = irq.edges;
    write_register(pit, 0, 15);  // 13 us
    write_register(pit, 0, 0);
    if (irq.edges == before) {
      ASSERT_TRUE(executor.deadline) << "nobody will ever raise it";
      executor.fire();
    }
    EXPECT_EQ(irq.edges, before + 1);
    EXPECT_TRUE(irq.level);
  }
}

// The edge of before was the guest's when it wrote.
TEST(PitLate, AnEdgeThatALateTimerOwesIsNotLostToAWrite) {
  FakeClock clock;
  FakeIrqSink irq;
  LateExecutor executor;
  Pit8254 pit("pit", &irq, clock, executor);
  write_register(pit, kControl, 0x38);
  write_register(pit, 0, 100);
  write_register(pit, 0, 0);
  const int before = irq.edges;
  clock.advance(1s);
  EXPECT_EQ(irq.edges, before);
  write_register(pit, kControl, 0x00);  // a latch command
  EXPECT_EQ(irq.edges, before + 1);
  executor.fire();
  EXPECT_EQ(irq.edges, before + 1);
}

TEST_F(PitTest, AnyAccessIsAnsweredAndTimeGoesOn) {
  std::mt19937 random(5);
  for (int step = 0; step < 100'000; ++step) {
    const std::uint64_t offset = random() % (kRegisters + 1);
    if (random() % 2 == 0) {
      write_register(pit_, offset, random());
    } else {
      EXPECT_LE(read_register(pit_, offset), 0xffU);
    }
    clock_.advance(std::chrono::nanoseconds(random() % 100'000));
  }
}

TEST_F(PitTest, OnlyBytesAtKnownPorts) {
  for (const std::uint8_t width : std::initializer_list<std::uint8_t>{0, 2, 3, 4, 8, 255}) {
    std::uint64_t value = 7;
    EXPECT_EQ(pit_.read({0, width}, value), IoStatus::bad_width);
    EXPECT_EQ(pit_.write({0, width}, 0x11), IoStatus::bad_width);
    EXPECT_EQ(value, 7U);
  }
  for (const std::uint64_t offset : {kRegisters, std::uint64_t{0x100}, ~std::uint64_t{0}}) {
    EXPECT_EQ(write_register(pit_, offset, 0), IoStatus::no_such_register);
    EXPECT_EQ(pit_.register_name(offset, true), "");
  }
  for (std::uint64_t offset = 0; offset < kRegisters; ++offset)
    EXPECT_NE(pit_.register_name(offset, false), "");
}

TEST(PitThreads, TheTimerAndTwoProcessorsAtOnce) {
  const SystemClock clock;
  FakeIrqSink irq;
  LateExecutor executor;
  Pit8254 pit("pit", &irq, clock, executor);
  const auto hammer = [&pit](unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 20'000; ++i) {
      if (random() % 2 == 0) {
        write_register(pit, random() % kRegisters, random());
      } else {
        read_register(pit, random() % kRegisters);
      }
    }
  };
  {
    const std::jthread one([&] { hammer(1); });
    const std::jthread two([&] { hammer(2); });
    for (int i = 0; i < 20'000; ++i)
      executor.fire();
  }
  write_register(pit, kControl, 0x30);
  EXPECT_FALSE(irq.level) << "the wire is where the counter says";
}

}  // namespace
}  // namespace skiff
