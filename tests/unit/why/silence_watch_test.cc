// When a silent guest is worth a word, and that a resting one is left alone.
#include "vmm/control/silence_watch.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_byte_sink.h"

namespace skiff {
namespace {

using Verdict = SilenceJudge::Verdict;
using std::chrono::seconds;

TEST(SilenceJudge, BusyOrIdle) {
  SilenceJudge judge;
  judge.start(100, {seconds(0), seconds(0)});
  EXPECT_FALSE(judge.has_printed(100));
  EXPECT_EQ(judge.look(200, {seconds(60), seconds(0)}, seconds(60)), Verdict::again);
  EXPECT_TRUE(judge.has_printed(200));
  EXPECT_EQ(judge.look(200, {seconds(61), seconds(50)}, seconds(60)), Verdict::silent_busy);
  EXPECT_EQ(judge.look(200, {seconds(62), seconds(51)}, seconds(60)), Verdict::rest);
  EXPECT_EQ(judge.look(200, {std::nullopt, seconds(52)}, seconds(60)), Verdict::rest);
}

TEST(SilenceJudge, OneThatHasNeverSpokenIsToldOfOnce) {
  SilenceJudge judge;
  judge.start(100, {seconds(0)});
  EXPECT_EQ(judge.look(100, {seconds(1)}, seconds(60)), Verdict::silent_idle);
  EXPECT_EQ(judge.look(100, {seconds(1)}, seconds(60)), Verdict::rest);
  judge.start(100, {seconds(0)});
  EXPECT_EQ(judge.look(100, {seconds(1)}, seconds(60)), Verdict::silent_idle);
}

// With a period of 0 nothing is ever armed: the loop has nothing to wait for. Output is counted.
TEST(SilenceWatch, NeverMeansNever) {
  boost::asio::io_context io;
  SilenceWatch watch(io, seconds(0), [](bool) { return true; });
  FakeByteSink sink;
  ByteSink& meter = watch.meter(sink);
  EXPECT_EQ(&meter, &watch.meter(sink));
  watch.start([] { return SilenceWatch::VcpuTimes{}; });
  EXPECT_FALSE(watch.has_printed());
  EXPECT_EQ(meter.write(std::vector<std::byte>(3)), 3U);
  EXPECT_TRUE(watch.has_printed());
  EXPECT_EQ(io.run(), 0U);
}

}  // namespace
}  // namespace skiff
