// The PL031 against its manual, ARM DDI 0224.
#include <gtest/gtest.h>

#include "devices/rtc/pl031.h"
#include "devices/rtc/pl031_regs.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/register_access.h"

namespace skiff {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Pl031Test : public testing::Test {
 protected:
  Pl031Test() { clock.set_wall(seconds(1'000'000)); }
  std::uint32_t in(std::uint64_t offset) {
    return static_cast<std::uint32_t>(read_register(rtc, offset, 4));
  }
  void out(std::uint64_t offset, std::uint32_t value) {
    EXPECT_EQ(write_register(rtc, offset, value, 4), IoStatus::ok);
  }

  FakeClock clock;
  FakeIrqSink irq;
  Pl031 rtc{"rtc", &irq, clock, clock};
};

TEST_F(Pl031Test, ShowsTheHostsSecondsAndIsStarted) {
  EXPECT_EQ(in(pl031::kDr), 1'000'000U);
  EXPECT_EQ(in(pl031::kCr), 1U);
  clock.advance(seconds(5));
  EXPECT_EQ(in(pl031::kDr), 1'000'005U);
  out(pl031::kCr, 0);
  EXPECT_EQ(in(pl031::kCr), 1U);
}

TEST_F(Pl031Test, TheGuestSetsItsTime) {
  out(pl031::kLr, 42);
  EXPECT_EQ(in(pl031::kDr), 42U);
  EXPECT_EQ(in(pl031::kLr), 42U);
  clock.advance(seconds(3));
  EXPECT_EQ(in(pl031::kDr), 45U);
  out(pl031::kLr, 0xffff'ffff);
  clock.advance(seconds(1));
  EXPECT_EQ(in(pl031::kDr), 0U);
}

TEST_F(Pl031Test, TheAlarmComesAtItsSecondAndStaysUntilCleared) {
  clock.advance(milliseconds(400));
  out(pl031::kImsc, 1);
  out(pl031::kMr, 1'000'002);
  clock.advance(milliseconds(1599));
  EXPECT_EQ(in(pl031::kRis), 0U);
  clock.advance(milliseconds(1));
  EXPECT_EQ(in(pl031::kRis), 1U);
  EXPECT_EQ(in(pl031::kMis), 1U);
  EXPECT_TRUE(irq.level);
  out(pl031::kIcr, 1);
  EXPECT_FALSE(irq.level);
  clock.advance(seconds(1));
  EXPECT_FALSE(irq.level);
}

TEST_F(Pl031Test, AMaskedAlarmIsPendingAllTheSame) {
  out(pl031::kMr, 1'000'001);
  clock.advance(seconds(1));
  EXPECT_EQ(in(pl031::kRis), 1U);
  EXPECT_EQ(in(pl031::kMis), 0U);
  EXPECT_FALSE(irq.level);
  out(pl031::kImsc, 1);
  EXPECT_TRUE(irq.level);
}

TEST_F(Pl031Test, SettingTheTimeMovesTheAlarm) {
  out(pl031::kImsc, 1);
  out(pl031::kMr, 1'000'010);
  out(pl031::kLr, 1'000'009);
  clock.advance(seconds(1));
  EXPECT_TRUE(irq.level);
}

TEST_F(Pl031Test, IdentifiesItself) {
  const std::uint32_t expected[] = {0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
  for (unsigned index = 0; index < 8; ++index)
    EXPECT_EQ(in(0xfe0 + 4 * index), expected[index]) << index;
}

TEST_F(Pl031Test, MalformedAccessesAreRefusedAndCounted) {
  EXPECT_EQ(write_register(rtc, pl031::kLr, 1, 2), IoStatus::bad_width);
  EXPECT_EQ(write_register(rtc, pl031::kLr, 1, 8), IoStatus::bad_width);
  EXPECT_EQ(write_register(rtc, pl031::kLr + 1, 1, 4), IoStatus::misaligned);
  EXPECT_EQ(write_register(rtc, 0x20, 1, 4), IoStatus::no_such_register);
  EXPECT_EQ(write_register(rtc, 0x1000, 1, 4), IoStatus::no_such_register);
  EXPECT_EQ(rtc.guest_faults(), 5U);
  EXPECT_EQ(rtc.state(), Pl031::State{});
}

}  // namespace
}  // namespace skiff
