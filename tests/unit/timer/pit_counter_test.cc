// One counter of the 8254 against the figures and sentences of its data sheet (82C54, "Mode
// Definitions"): OUT and count, tick by tick from the control word and the count on.
#include "devices/timer/pit_counter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace skiff {
namespace {

constexpr std::uint8_t control(unsigned mode, unsigned access = 1, bool bcd = false) {
  return static_cast<std::uint8_t>(access << 4 | mode << 1 | (bcd ? 1U : 0U));
}

// OUT from tick `from` on, '#' where it is up.
std::string trace(const PitCounter& counter, PitCounter::Ticks from, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += counter.out(from + i) ? '#' : '_';
  return text;
}
std::vector<int> counts(const PitCounter& counter, PitCounter::Ticks from, std::size_t count) {
  std::vector<int> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back(counter.count(from + i));
  return all;
}

// The count is written at tick 0 and loaded by tick 1.
struct Wave {
  const char* what;
  unsigned mode;
  std::uint8_t count;
  const char* out;          // from tick 0
  std::vector<int> counts;  // from tick 1
};

TEST(PitCounter, WavesOfTheDataSheet) {
  const Wave waves[] = {
      {"mode 0: up when the count is 0", 0, 4, "_____####", {4, 3, 2, 1, 0, 0xffff, 0xfffe}},
      {"mode 2: down for one tick a period", 2, 3, "###_##_##_#", {3, 2, 1, 3, 2, 1, 3}},
      {"mode 3, even", 3, 4, "###__##__##", {4, 2, 4, 2, 4, 2}},
      {"mode 3, odd: one tick longer up than down",
       3,
       5,
       "####__###__###",
       {4, 2, 0, 4, 2, 4, 2, 0}},
      {"mode 4: a strobe when the count is 0", 4, 3, "####_#####", {3, 2, 1, 0, 0xffff, 0xfffe}},
  };
  for (const Wave& wave : waves) {
    PitCounter counter;
    counter.set_mode(control(wave.mode), 0);
    counter.write(wave.count, 0);
    EXPECT_EQ(trace(counter, 0, std::string_view(wave.out).size()), wave.out) << wave.what;
    EXPECT_EQ(counts(counter, 1, wave.counts.size()), wave.counts) << wave.what;
  }
}

TEST(PitCounter, ModesOfTheGateWaitForItsRise) {
  const Wave waves[] = {
      {"mode 1: down while it counts", 1, 3, "___####", {3, 2, 1, 0, 0xffff}},
      {"mode 5: a strobe when the count is 0", 5, 3, "###_###", {3, 2, 1, 0, 0xffff}},
  };
  for (const Wave& wave : waves) {
    PitCounter counter;
    counter.set_gate(false, 0);
    counter.set_mode(control(wave.mode), 0);
    counter.write(wave.count, 0);
    EXPECT_EQ(trace(counter, 0, 20), std::string(20, '#')) << wave.what << ": not triggered";
    EXPECT_EQ(counter.next_rise(0), std::nullopt);
    counter.set_gate(true, 20);
    EXPECT_EQ(trace(counter, 21, std::string_view(wave.out).size()), wave.out) << wave.what;
    EXPECT_EQ(counts(counter, 21, wave.counts.size()), wave.counts) << wave.what;
    // Its fall changes nothing; another rise begins anew.
    counter.set_gate(false, 22);
    EXPECT_EQ(trace(counter, 22, 3), std::string(wave.out).substr(1, 3)) << wave.what;
    counter.set_gate(true, 23);
    EXPECT_EQ(trace(counter, 24, std::string_view(wave.out).size()), wave.out) << wave.what;
  }
}

TEST(PitCounter, OutAfterTheControlWord) {
  for (unsigned mode = 0; mode < 8; ++mode) {
    PitCounter counter;
    counter.set_mode(control(mode), 0);
    EXPECT_EQ(counter.out(100), mode != 0) << mode;
    EXPECT_EQ(counter.next_rise(100), std::nullopt) << mode;
  }
}

TEST(PitCounter, ModesSixAndSevenAreTwoAndThree) {
  for (const unsigned mode : {2U, 3U}) {
    PitCounter a;
    PitCounter b;
    a.set_mode(control(mode), 0);
    b.set_mode(control(mode + 4), 0);
    a.write(9, 0);
    b.write(9, 0);
    EXPECT_EQ(trace(a, 0, 40), trace(b, 0, 40));
  }
}

TEST(PitCounter, AGateThatIsDownHoldsModesZeroAndFour) {
  for (const unsigned mode : {0U, 4U}) {
    PitCounter counter;
    counter.set_mode(control(mode), 0);
    counter.write(5, 0);
    counter.set_gate(false, 3);
    EXPECT_EQ(counts(counter, 3, 4), (std::vector{3, 3, 3, 3}));
    EXPECT_EQ(counter.next_rise(3), std::nullopt);
    counter.set_gate(true, 100);
    EXPECT_EQ(counts(counter, 100, 4), (std::vector{3, 2, 1, 0})) << mode;
    EXPECT_EQ(counter.next_rise(100), std::optional<PitCounter::Ticks>(mode == 0 ? 103 : 104));
  }
}

TEST(PitCounter, AGateThatIsDownEndsThePeriodOfModesTwoAndThree) {
  for (const unsigned mode : {2U, 3U}) {
    PitCounter counter;
    counter.set_mode(control(mode), 0);
    counter.write(4, 0);
    counter.set_gate(false, 4);  // where OUT is down
    EXPECT_EQ(trace(counter, 4, 8), "########") << mode;
    counter.set_gate(true, 50);
    EXPECT_EQ(trace(counter, 51, 4), mode == 2 ? "###_" : "##__");
  }
}

TEST(PitCounter, ANewCountInModeTwoIsLoadedAtTheEndOfThePeriod) {
  PitCounter counter;
  counter.set_mode(control(2), 0);
  counter.write(4, 0);
  counter.write(2, 2);
  EXPECT_EQ(trace(counter, 1, 9), "###_#_#_#");
  EXPECT_EQ(counter.next_rise(2), std::optional<PitCounter::Ticks>(5));
  EXPECT_EQ(counter.next_rise(5), std::optional<PitCounter::Ticks>(7));
}

TEST(PitCounter, ANewCountInModesZeroAndFourBeginsAtOnce) {
  for (const unsigned mode : {0U, 4U}) {
    PitCounter counter;
    counter.set_mode(control(mode), 0);
    counter.write(4, 0);
    counter.write(6, 3);
    EXPECT_EQ(counts(counter, 4, 3), (std::vector{6, 5, 4})) << mode;
  }
}

TEST(PitCounter, TheFirstOfTwoBytesStopsModeZero) {
  PitCounter counter;
  counter.set_mode(control(0, 3), 0);
  counter.write(2, 0);
  counter.write(0, 0);
  ASSERT_TRUE(counter.out(3));
  counter.write(9, 10);
  EXPECT_FALSE(counter.out(10));
  EXPECT_FALSE(counter.out(1000)) << "no count before the second byte";
  counter.set_gate(false, 1000);
  counter.set_gate(true, 1001);
  EXPECT_EQ(counter.next_rise(1001), std::nullopt) << "the gate does not start half a count";
  counter.write(0, 2000);
  EXPECT_EQ(counter.next_rise(2000), std::optional<PitCounter::Ticks>(2010));
}

struct Count {
  unsigned access;
  bool bcd;
  std::vector<std::uint8_t> bytes;
  PitCounter::Ticks period;  // of mode 2
};
TEST(PitCounter, CountsAsTheyAreWritten) {
  const Count cases[] = {
      {1, false, {0x10}, 0x10},
      {2, false, {0x10}, 0x1000},
      {3, false, {0x34, 0x12}, 0x1234},
      {1, false, {0}, 0x1'0000},
      {2, false, {0}, 0x1'0000},
      {3, false, {0, 0}, 0x1'0000},
      {3, false, {0xff, 0xff}, 0xffff},
      {1, false, {1}, 2},  // illegal
      {1, true, {0x10}, 10},
      {2, true, {0x10}, 1000},
      {3, true, {0x34, 0x12}, 1234},
      {3, true, {0, 0}, 10'000},
      {1, true, {0x0f}, 15},  // no digit
      {3, true, {0xff, 0xff}, 6665},
  };
  for (const Count& each : cases) {
    PitCounter counter;
    counter.set_mode(control(2, each.access, each.bcd), 0);
    for (const std::uint8_t byte : each.bytes)
      counter.write(byte, 0);
    EXPECT_EQ(counter.next_rise(1), std::optional(each.period + 1)) << each.period;
    EXPECT_EQ(counter.next_rise(each.period + 1), std::optional(2 * each.period + 1));
  }
}

TEST(PitCounter, BcdCountsInDigits) {
  PitCounter counter;
  counter.set_mode(control(0, 3, true), 0);
  counter.write(0x02, 0);
  counter.write(0x10, 0);
  EXPECT_EQ(counts(counter, 1, 4), (std::vector{0x1002, 0x1001, 0x1000, 0x0999}));
  EXPECT_EQ(counter.count(1 + 1003), 0x9999) << "it goes on from the highest";
}

TEST(PitCounter, ReadsOneByteOrTheOtherOrBoth) {
  const auto ready = [](unsigned access) {
    PitCounter counter;
    counter.set_mode(control(4, access), 0);
    counter.write(0x34, 0);
    if (access == 3) counter.write(0x12, 0);
    return counter;
  };
  PitCounter low = ready(1);
  EXPECT_EQ(low.read(2), 0x33);
  EXPECT_EQ(low.read(3), 0x32);
  PitCounter high = ready(2);
  EXPECT_EQ(high.read(1), 0x34);
  PitCounter both = ready(3);
  EXPECT_EQ(both.read(1), 0x34);
  EXPECT_EQ(both.read(1), 0x12);
  EXPECT_EQ(both.read(2), 0x33);
}

TEST(PitCounter, ALatchedCountStaysUntilItIsReadWhole) {
  PitCounter counter;
  counter.set_mode(control(4, 3), 0);
  counter.write(0x34, 0);
  counter.write(0x12, 0);
  counter.latch_count(1);
  counter.latch_count(9);  // "ignored; the count read will be at the time the first was issued"
  EXPECT_EQ(counter.read(100), 0x34);
  EXPECT_EQ(counter.read(200), 0x12);
  EXPECT_EQ(counter.read(0x35), 0x00) << "live again";
}

TEST(PitCounter, StatusComesBeforeTheCount) {
  PitCounter counter;
  counter.set_mode(control(4, 3), 0);
  counter.latch_status(0);
  EXPECT_EQ(counter.read(0), 0xc0 | control(4, 3)) << "OUT is up, no count yet";
  counter.write(0x34, 0);
  counter.write(0x12, 0);
  counter.latch_status(0);
  EXPECT_EQ(counter.read(0), 0xc0 | control(4, 3)) << "written, not loaded";
  counter.latch_count(1);
  counter.latch_status(1);
  counter.latch_status(0x1235);  // OUT would be down
  EXPECT_EQ(counter.read(2), 0x80 | control(4, 3));
  EXPECT_EQ(counter.read(2), 0x34);
  EXPECT_EQ(counter.read(2), 0x12);
}

TEST(PitCounter, ANullCountWaitsForTheEndOfThePeriodOrForTheGate) {
  const auto is_null = [](PitCounter counter, PitCounter::Ticks at) {
    counter.latch_status(at);
    return (counter.read(at) & 0x40) != 0;
  };
  PitCounter rate;
  rate.set_mode(control(2), 0);
  rate.write(10, 0);
  EXPECT_FALSE(is_null(rate, 1));
  rate.write(20, 5);
  EXPECT_TRUE(is_null(rate, 10));
  EXPECT_FALSE(is_null(rate, 11));
  PitCounter shot;
  shot.set_gate(false, 0);
  shot.set_mode(control(1), 0);
  shot.write(10, 0);
  EXPECT_TRUE(is_null(shot, 50));
  shot.set_gate(true, 50);
  EXPECT_FALSE(is_null(shot, 51));
}

TEST(PitCounter, EachRiseIsWhereOutRises) {
  for (unsigned mode = 0; mode < 6; ++mode) {
    for (const std::uint8_t count : std::initializer_list<std::uint8_t>{1, 2, 3, 4, 5, 8}) {
      PitCounter counter;
      counter.set_gate(false, 0);
      counter.set_mode(control(mode), 0);
      counter.write(count, 0);
      counter.set_gate(true, 5);
      for (PitCounter::Ticks tick = 6; tick < 60; ++tick) {
        const auto next = counter.next_rise(tick);
        PitCounter::Ticks seen = tick + 1;
        while (seen < 200 && !(counter.out(seen) && !counter.out(seen - 1)))
          ++seen;
        if (seen == 200) {
          EXPECT_EQ(next, std::nullopt) << mode << ' ' << int{count} << " at " << tick;
        } else {
          EXPECT_EQ(next, std::optional(seen)) << mode << ' ' << int{count} << " at " << tick;
        }
      }
    }
  }
}

}  // namespace
}  // namespace skiff
