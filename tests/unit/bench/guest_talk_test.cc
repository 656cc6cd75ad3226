#include "vmm/bench/guest_talk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skiff::bench {
namespace {

using testing::HasSubstr;
using Wants = GuestTalk::Wants;

const GuestBegin kBegin{.program = "bench-disk", .version = 1, .tsc_khz = 1000};
GuestReady ready(const char* cell) {
  return {.cell = cell, .face = "ide", .requests = 10};
}
GuestDone done(const char* cell, std::uint64_t requests = 10) {
  return {.cell = cell, .requests = requests, .bytes = 1, .cycles = 1000};
}
GuestHistogram histogram(const char* cell) {
  return {.cell = cell, .buckets = {{1, 10}}};
}

class Talk : public testing::Test {
 protected:
  void measure(const char* cell) {
    ASSERT_EQ(talk.take(ready(cell)), Wants::go);
    talk.give({.has_ledger = true, .exits = {{"MMIO", "d", "r", "write", 1, 1}}});
    ASSERT_EQ(talk.take(GuestMark{}), Wants::on);
    talk.give({.has_ledger = true, .exits = {{"MMIO", "d", "r", "write", 3, 1}}});
    ASSERT_EQ(talk.take(done(cell)), Wants::nothing);
    ASSERT_EQ(talk.take(GuestLatency{.cell = cell, .p50 = 5}), Wants::nothing);
    ASSERT_EQ(talk.take(histogram(cell)), Wants::nothing);
  }
  std::string trouble_of(std::size_t cell) { return talk.results("it fell silent")[cell].trouble; }

  GuestTalk talk{{"a", "b", "c"}};
};

TEST_F(Talk, CellsComeInAnyOrderAndResultsInTheOrderAskedFor) {
  EXPECT_EQ(talk.take(kBegin), Wants::nothing);
  measure("b");
  EXPECT_EQ(talk.take(GuestSkip{.cell = "c", .why = "no device"}), Wants::nothing);
  measure("a");
  EXPECT_EQ(talk.take(GuestEnd{}), Wants::over);
  EXPECT_TRUE(talk.is_complete());
  const auto results = talk.results("unused");
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].cell, "a");
  EXPECT_TRUE(results[0].has_numbers());
  EXPECT_EQ(results[0].tsc_khz, 1000U);
  EXPECT_EQ(results[0].before.exits[0].count, 1U);
  EXPECT_EQ(results[0].after.exits[0].count, 3U);
  EXPECT_EQ(results[0].latency.p50, 5U);
  EXPECT_TRUE(results[2].is_skipped);
  EXPECT_EQ(results[2].trouble, "no device");
}

TEST_F(Talk, ACellMayFailAfterItWasReady) {
  talk.take(kBegin);
  talk.take(ready("a"));
  talk.give({});
  EXPECT_EQ(talk.take(GuestMark{}), Wants::on);
  EXPECT_EQ(talk.take(GuestFail{.cell = "a", .why = "timed out"}), Wants::nothing);
  measure("b");
  EXPECT_EQ(trouble_of(0), "timed out");
  EXPECT_TRUE(talk.results("")[1].has_numbers());
}

TEST_F(Talk, WhatWasNeverSaidHasTheRunnersReason) {
  talk.take(kBegin);
  measure("a");
  EXPECT_EQ(trouble_of(1), "it fell silent");
  EXPECT_TRUE(talk.results("")[0].has_numbers());
  talk.take(GuestEnd{});
  EXPECT_EQ(trouble_of(1), "the guest program knows no such cell");
}

TEST_F(Talk, AGuestThatIsNotOursEndsIt) {
  EXPECT_EQ(talk.take(GuestBegin{.program = "x", .version = 2, .tsc_khz = 1}), Wants::over);
  EXPECT_THAT(trouble_of(0), HasSubstr("version 2"));
}

TEST_F(Talk, ACounterThatStandsStillEndsIt) {
  EXPECT_EQ(talk.take(GuestBegin{.program = "x", .version = 1, .tsc_khz = 0}), Wants::over);
}

TEST_F(Talk, TextIsForTheWarmUpAndThenForAsManyRequestsAsAreMeasured) {
  talk.take(kBegin);
  EXPECT_EQ(talk.take(GuestWant{.cell = "a", .requests = 4, .bytes = 256}), Wants::text);
  EXPECT_EQ(talk.text_bytes(), 256U);
  EXPECT_EQ(talk.take(ready("a")), Wants::go);
  EXPECT_EQ(talk.text_bytes(), 640U);
  talk.give({});
  talk.take(GuestMark{});
  talk.take(done("a"));
  talk.take(histogram("a"));
  EXPECT_EQ(talk.take(ready("b")), Wants::go);
  EXPECT_EQ(talk.text_bytes(), 0U) << "another cell's text";
}

TEST_F(Talk, NobodyGetsTextWithoutEnd) {
  talk.take(kBegin);
  EXPECT_EQ(talk.take(GuestWant{.cell = "a", .requests = 1, .bytes = GuestTalk::kMostText + 1}),
            Wants::over);
  for (const GuestWant& want : {GuestWant{.cell = "a", .requests = 0, .bytes = 1},
                                GuestWant{.cell = "z", .requests = 1, .bytes = 1}}) {
    GuestTalk one({"a"});
    one.take(kBegin);
    EXPECT_EQ(one.take(want), Wants::over);
  }
  GuestTalk much({"a"});
  much.take(kBegin);
  much.take(GuestWant{.cell = "a", .requests = 1, .bytes = GuestTalk::kMostText});
  EXPECT_EQ(much.take(ready("a")), Wants::over);
}

TEST_F(Talk, WordsOutOfPlaceEndIt) {
  const std::vector<std::vector<GuestWord>> talks = {
      {ready("a")},                                              // before begin
      {GuestSkip{.cell = "a", .why = "x"}},                      // likewise
      {GuestMark{}},                                             // likewise
      {GuestEnd{}},                                              // likewise
      {kBegin, kBegin},                                          // twice
      {kBegin, ready("z")},                                      // not asked for
      {kBegin, GuestSkip{.cell = "z", .why = "x"}},              // likewise
      {kBegin, GuestMark{}},                                     // nothing is measured
      {kBegin, done("a")},                                       // likewise
      {kBegin, histogram("a")},                                  // likewise
      {kBegin, GuestLatency{.cell = "a"}},                       // likewise
      {kBegin, GuestSkip{.cell = "a", .why = "x"}, ready("a")},  // it is finished
      {kBegin, GuestSkip{.cell = "a", .why = "x"}, GuestSkip{.cell = "a", .why = "x"}},
      {kBegin, ready("a"), ready("b")},                 // a is under way
      {kBegin, ready("a"), GuestMark{}, done("b")},     // another cell's
      {kBegin, ready("a"), GuestMark{}, done("a", 0)},  // it did nothing
      {kBegin, ready("a"), GuestMark{}, done("a"), done("a")},
      {kBegin, ready("a"), GuestMark{}, histogram("a")},  // before done
      {kBegin, ready("a"), GuestMark{}, GuestMark{}},
      {kBegin, ready("a"), GuestEnd{}},
      {kBegin, GuestNonsense{"what?"}},
  };
  for (std::size_t i = 0; i < talks.size(); ++i) {
    GuestTalk one({"a", "b"});
    Wants wants = Wants::nothing;
    for (const GuestWord& word : talks[i]) {
      ASSERT_NE(wants, Wants::over) << i;
      wants = one.take(word);
      if (wants == Wants::go || wants == Wants::on) one.give({});
    }
    EXPECT_EQ(wants, Wants::over) << i;
    EXPECT_FALSE(one.is_complete()) << i;
    EXPECT_FALSE(one.results("")[1].has_numbers()) << i;
  }
}

}  // namespace
}  // namespace skiff::bench
