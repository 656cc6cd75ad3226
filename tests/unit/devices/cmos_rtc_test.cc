// The real-time clock: Motorola MC146818 data sheet.
#include "devices/rtc/cmos_rtc.h"

#include <gtest/gtest.h>

#include "devices/rtc/cmos_rtc_regs.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/register_access.h"
#include "tests/fakes/timer_only_executor.h"
#include "vmm/base/bits.h"

namespace skiff {
namespace {

using namespace cmos_rtc;
using namespace std::chrono_literals;

// The clock is set before the device looks at it.
struct BeforeMidnight {
  BeforeMidnight() { clock.set_wall(1'709'164'799s); }  // Wednesday, 2024-02-28 23:59:59
  FakeClock clock;
};

class RtcTest : public testing::Test, protected BeforeMidnight {
 protected:
  RtcTest() { set(kHoursAlarm, 0x12); }  // not at the first midnight

  unsigned get(std::uint8_t index) {
    write_register(rtc, kIndexPort, index);
    return static_cast<unsigned>(read_register(rtc, kDataPort));
  }
  void set(std::uint8_t index, unsigned value) {
    write_register(rtc, kIndexPort, index);
    write_register(rtc, kDataPort, value);
  }
  void expect_time(unsigned year, unsigned month, unsigned day, unsigned hours, unsigned minutes,
                   unsigned seconds) {
    EXPECT_EQ(get(kCentury), year >> 8);
    EXPECT_EQ(get(kYear), year & 0xff);
    EXPECT_EQ(get(kMonth), month);
    EXPECT_EQ(get(kDayOfMonth), day);
    EXPECT_EQ(get(kHours), hours);
    EXPECT_EQ(get(kMinutes), minutes);
    EXPECT_EQ(get(kSeconds), seconds);
  }

  FakeIrqSink irq;
  CmosRtc rtc{"rtc", &irq, clock, clock, {.below_4g = 3 * GiB, .above_4g = 5 * GiB}};
};

TEST_F(RtcTest, TellsTheHostsTimeInBcdAndGoesOverLeapDay) {
  expect_time(0x2024, 0x02, 0x28, 0x23, 0x59, 0x59);
  EXPECT_EQ(get(kDayOfWeek), 4U);
  clock.advance(1s);
  expect_time(0x2024, 0x02, 0x29, 0x00, 0x00, 0x00);
  clock.advance(24h);
  expect_time(0x2024, 0x03, 0x01, 0x00, 0x00, 0x00);
}

TEST_F(RtcTest, BinaryAndTwelveHours) {
  set(kRegisterB, kDm | kHours24);
  EXPECT_EQ(get(kYear), 24U);
  EXPECT_EQ(get(kCentury), 20U);
  EXPECT_EQ(get(kHours), 23U);
  set(kRegisterB, kDm);
  EXPECT_EQ(get(kHours), 11U | kHoursPm);
  set(kRegisterB, 0);
  EXPECT_EQ(get(kHours), 0x11U | kHoursPm);
  clock.advance(1s);
  EXPECT_EQ(get(kHours), 0x12U) << "midnight is 12 am";
  clock.advance(12h);
  EXPECT_EQ(get(kHours), 0x12U | kHoursPm) << "noon is 12 pm";
}

TEST_F(RtcTest, SetFreezesAndItsReleaseStartsFromWhatWasWritten) {
  set(kRegisterB, kSet | kHours24);
  clock.advance(10s);
  expect_time(0x2024, 0x02, 0x28, 0x23, 0x59, 0x59);
  set(kSeconds, 0x30);
  set(kMinutes, 0x20);
  set(kHours, 0x10);
  set(kDayOfMonth, 0x31);
  set(kMonth, 0x12);
  set(kYear, 0x99);
  set(kCentury, 0x19);
  clock.advance(1h);
  set(kRegisterB, kHours24);
  expect_time(0x1999, 0x12, 0x31, 0x10, 0x20, 0x30);
  EXPECT_EQ(get(kDayOfWeek), 6U);
  clock.advance(14h);
  expect_time(0x2000, 0x01, 0x01, 0x00, 0x20, 0x30);
}

TEST_F(RtcTest, AWriteWhileRunningSetsThatField) {
  set(kHours, 0x05);
  expect_time(0x2024, 0x02, 0x28, 0x05, 0x59, 0x59);
  clock.advance(1s);
  expect_time(0x2024, 0x02, 0x28, 0x06, 0x00, 0x00);
}

// Linux sets the clock with SET and the divider in reset, half a second before the second.
TEST_F(RtcTest, TheFirstUpdateComesHalfASecondAfterTheDivider) {
  clock.advance(123ms);
  set(kRegisterB, kSet | kHours24);
  set(kRegisterA, 0x76);
  set(kSeconds, 0x10);
  set(kRegisterB, kHours24);
  set(kRegisterA, 0x26);
  EXPECT_EQ(get(kSeconds), 0x10U);
  clock.advance(499ms);
  EXPECT_EQ(get(kSeconds), 0x10U);
  clock.advance(1ms);
  EXPECT_EQ(get(kSeconds), 0x11U);
  clock.advance(999ms);
  EXPECT_EQ(get(kSeconds), 0x11U);
  clock.advance(1ms);
  EXPECT_EQ(get(kSeconds), 0x12U);
}

TEST_F(RtcTest, UipInTheLast244Microseconds) {
  EXPECT_EQ(get(kRegisterA), 0x26U);
  clock.advance(999'755us);
  EXPECT_EQ(get(kRegisterA) & kUip, 0U);
  clock.advance(1us);
  EXPECT_EQ(get(kRegisterA) & kUip, kUip);
  set(kRegisterB, kSet | kHours24);
  EXPECT_EQ(get(kRegisterA) & kUip, 0U) << "SET holds updates off";
  set(kRegisterB, kHours24);
  clock.advance(244us);
  EXPECT_EQ(get(kRegisterA) & kUip, 0U);
}

TEST_F(RtcTest, ReadOnlyBits) {
  set(kRegisterA, 0xff & ~0x70);
  EXPECT_EQ(get(kRegisterA), 0x0fU);
  set(kRegisterC, 0xff);
  set(kRegisterD, 0x00);
  EXPECT_EQ(get(kRegisterD), kVrt);
  EXPECT_EQ(read_register(rtc, kIndexPort), 0xffU);
}

TEST_F(RtcTest, RegisterCClearsOnRead) {
  clock.advance(1s);
  EXPECT_EQ(get(kRegisterC), kUf | kPf) << "flags without enables: no IRQF";
  EXPECT_EQ(get(kRegisterC), 0U);
  EXPECT_EQ(irq.edges, 0);
}

TEST_F(RtcTest, UpdateEndedInterrupt) {
  set(kRegisterB, kHours24 | kUie);
  clock.advance(999ms);
  EXPECT_FALSE(irq.level);
  clock.advance(1ms);
  EXPECT_TRUE(irq.level);
  clock.advance(5s);
  EXPECT_EQ(irq.edges, 1) << "pending until C is read";
  EXPECT_EQ(get(kRegisterC), kIrqf | kUf | kPf);
  EXPECT_FALSE(irq.level);
  clock.advance(1s);
  EXPECT_EQ(irq.edges, 2);
}

TEST_F(RtcTest, SetClearsUie) {
  set(kRegisterB, kHours24 | kUie | kSet);
  EXPECT_EQ(get(kRegisterB), kHours24 | kSet);
}

TEST_F(RtcTest, AlarmWithDontCare) {
  set(kSecondsAlarm, 0x30);
  set(kMinutesAlarm, 0xff);
  set(kHoursAlarm, 0xc0);
  set(kRegisterB, kHours24 | kAie);
  clock.advance(30s);
  EXPECT_FALSE(irq.level);
  clock.advance(1s);
  EXPECT_TRUE(irq.level);
  EXPECT_EQ(get(kRegisterC) & (kIrqf | kAf), kIrqf | kAf);
  clock.advance(59s);
  EXPECT_EQ(irq.edges, 1);
  clock.advance(1s);
  EXPECT_EQ(irq.edges, 2);
}

TEST_F(RtcTest, AlarmTomorrow) {
  set(kSecondsAlarm, 0x58);
  set(kMinutesAlarm, 0x59);
  set(kHoursAlarm, 0x23);
  set(kRegisterB, kHours24 | kAie);
  clock.advance(24h - 2s);
  EXPECT_FALSE(irq.level);
  clock.advance(1s);
  EXPECT_TRUE(irq.level);
}

TEST_F(RtcTest, AlarmThatNeverComesArmsNothing) {
  set(kSecondsAlarm, 0x7f);
  set(kRegisterB, kHours24 | kAie);
  clock.advance(48h);
  EXPECT_EQ(irq.edges, 0);
}

TEST_F(RtcTest, PeriodicInterruptAtEachRate) {
  for (unsigned rate = 0; rate < 16; ++rate) {
    set(kRegisterB, kHours24);
    set(kRegisterA, 0x20 | rate);
    get(kRegisterC);
    irq.edges = 0;
    set(kRegisterB, kHours24 | kPie);
    const unsigned slowed = rate == 0 ? 0 : rate <= 2 ? rate + 7 : rate;
    const int expected = slowed == 0 ? 0 : 32768 >> (slowed - 1);
    for (int step = 0; step < 20'000; ++step) {  // one second, C read after each interrupt
      clock.advance(50us);
      if (irq.level) get(kRegisterC);
    }
    EXPECT_NEAR(irq.edges, expected, 1) << rate;
  }
}

// Counts how often a device's timer goes off.
class CountingExecutor final : public TimerOnlyExecutor {
 public:
  explicit CountingExecutor(Executor& executor) : executor_(executor) {}
  std::unique_ptr<Timer> create_timer(std::function<void()> on_expiry) override {
    return executor_.create_timer([this, on_expiry = std::move(on_expiry)] {
      ++expiries;
      on_expiry();
    });
  }
  int expiries = 0;

 private:
  Executor& executor_;
};

TEST_F(RtcTest, AHostileRateCostsOneExpiryUntilItIsServed) {
  CountingExecutor executor(clock);
  CmosRtc hostile("rtc", &irq, clock, executor, {});
  write_register(hostile, kIndexPort, kRegisterA);
  write_register(hostile, kDataPort, 0x23);  // 8192 Hz
  write_register(hostile, kIndexPort, kRegisterB);
  write_register(hostile, kDataPort, kHours24 | kPie | kUie | kAie);
  clock.advance(10s);
  EXPECT_EQ(irq.edges, 1);
  EXPECT_EQ(executor.expiries, 1);
}

TEST_F(RtcTest, HostsClockSteppingBackIsHarmless) {
  set(kRegisterB, kHours24 | kUie);
  clock.set_wall(clock.wall() - 1h);
  clock.advance(1s);
  expect_time(0x2024, 0x02, 0x28, 0x23, 0x00, 0x00);
  clock.advance(1s);
  EXPECT_TRUE(irq.level);
}

TEST_F(RtcTest, MemorySizesAndChecksum) {
  const auto word = [this](std::uint8_t at) { return get(at) | get(at + 1) << 8; };
  EXPECT_EQ(word(kBaseMemory), 640U);
  EXPECT_EQ(word(kExtendedMemory), 0xffffU);
  EXPECT_EQ(word(kExtendedMemoryFound), 0xffffU);
  EXPECT_EQ(word(kMemoryAbove16M), (3 * GiB - 16 * MiB) / (64 * KiB));
  EXPECT_EQ(word(kMemoryAbove4G) | get(kMemoryAbove4G + 2) << 16, 5 * GiB / (64 * KiB));
  EXPECT_EQ(get(kShutdownStatus), 0U);
  unsigned sum = 0;
  for (std::uint8_t at = 0x10; at < 0x2e; ++at)
    sum += get(at);
  EXPECT_EQ(get(0x2e) << 8 | get(0x2f), sum);
  CmosRtc small("rtc", nullptr, clock, clock, {.below_4g = 8 * MiB, .above_4g = 0});
  EXPECT_EQ(small.state().ram[kExtendedMemory + 1], (7 * MiB / KiB) >> 8);
  EXPECT_EQ(small.state().ram[kMemoryAbove16M], 0);
}

TEST_F(RtcTest, RamKeepsEveryByteAndTheNmiMaskIsApart) {
  for (unsigned at = 0x0e; at < 0x80; ++at) {
    if (at == kCentury) continue;
    set(static_cast<std::uint8_t>(at | kNmiDisable), at ^ 0x5a);
    EXPECT_TRUE(rtc.state().nmi_disabled);
    EXPECT_EQ(get(static_cast<std::uint8_t>(at)), at ^ 0x5a);
    EXPECT_FALSE(rtc.state().nmi_disabled);
  }
}

TEST_F(RtcTest, ResetKeepsTimeAndRam) {
  set(0x40, 0x12);
  set(kHours, 0x01);
  set(kRegisterB, kHours24 | kUie);
  clock.advance(1s);
  EXPECT_TRUE(irq.level);
  rtc.reset();
  EXPECT_FALSE(irq.level);
  EXPECT_EQ(get(kRegisterB), kHours24);
  EXPECT_EQ(get(kHours), 0x02U);
  EXPECT_EQ(get(0x40), 0x12U);
}

TEST_F(RtcTest, StateRoundTrips) {
  set(kYear, 0x77);
  CmosRtc other("rtc", nullptr, clock, clock, {});
  other.restore(rtc.state());
  EXPECT_EQ(other.state().offset_seconds, rtc.state().offset_seconds);
  CmosRtc::State broken;
  broken.index = 0xff;
  broken.offset_seconds = INT64_MIN;
  broken.seen_second = INT64_MAX;
  broken.phase = -5;
  other.restore(broken);
  for (unsigned index = 0; index < 128; ++index) {
    write_register(other, kIndexPort, index);
    read_register(other, kDataPort);
  }
}

TEST(RtcCalendar, EveryDayRoundTripsInEveryFormat) {
  for (const RtcFormat format : {RtcFormat{false, true}, RtcFormat{false, false},
                                 RtcFormat{true, true}, RtcFormat{true, false}}) {
    std::int64_t at = rtc_decode({.century = 0}, format);
    for (int day = 0; day < 3'640'000; day += 97, at += 97 * 86400 + 3607) {
      ASSERT_EQ(rtc_decode(rtc_encode(at, format), format), at);
    }
  }
}

TEST(RtcCalendar, AnyBytesAreATime) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const auto b = static_cast<std::uint8_t>(byte);
    for (const RtcFormat format : {RtcFormat{false, false}, RtcFormat{true, true}}) {
      const std::int64_t at = rtc_decode({b, b, b, b, b, b, b, b}, format);
      EXPECT_EQ(rtc_decode(rtc_encode(at, format), format), at);
    }
  }
  EXPECT_EQ(rtc_encode(INT64_MAX, {}).century >> 4 < 10, true);
  rtc_encode(INT64_MIN, {});
}

TEST(RtcCalendar, NextAlarmAgreesWithASearch) {
  const RtcFormat format{true, true};
  for (const int hours : {0xff, 0, 13, 23, 24}) {
    for (const int minutes : {0xc0, 0, 59, 60}) {
      for (const int seconds : {0xd5, 0, 30, 59, 99}) {
        const std::int64_t start = 1'709'164'799;
        std::optional<std::int64_t> expected;
        for (std::int64_t at = start + 1; at <= start + 86400 && !expected; ++at) {
          const bool match = (hours >= 0xc0 || at / 3600 % 24 == hours) &&
                             (minutes >= 0xc0 || at / 60 % 60 == minutes) &&
                             (seconds >= 0xc0 || at % 60 == seconds);
          if (match) expected = at;
        }
        const RtcAlarm alarm{static_cast<std::uint8_t>(seconds), static_cast<std::uint8_t>(minutes),
                             static_cast<std::uint8_t>(hours)};
        EXPECT_EQ(rtc_next_alarm(start, alarm, format), expected);
      }
    }
  }
}

}  // namespace
}  // namespace skiff
