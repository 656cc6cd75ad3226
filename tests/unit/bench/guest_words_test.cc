#include "vmm/bench/guest_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skiff::bench {
namespace {

using testing::HasSubstr;

template <typename T>
T only(const std::vector<GuestWord>& words) {
  EXPECT_EQ(words.size(), 1U);
  if (words.size() != 1 || !std::holds_alternative<T>(words[0])) {
    ADD_FAILURE() << "not the word that was expected";
    return {};
  }
  return std::get<T>(words[0]);
}

TEST(GuestWords, EveryLineOfTheProtocol) {
  GuestReader reader;
  const auto begin =
      only<GuestBegin>(reader.put("bench: begin program=bench-disk version=1 tsc_khz=2596128\n"));
  EXPECT_EQ(begin.program, "bench-disk");
  EXPECT_EQ(begin.tsc_khz, 2596128U);
  const auto ready = only<GuestReady>(
      reader.put("bench: ready cell=read-4096-d1 face=virtio-pci requests=790\r\n"));
  EXPECT_EQ(ready.cell, "read-4096-d1");
  EXPECT_EQ(ready.face, "virtio-pci");
  EXPECT_EQ(ready.requests, 790U);
  const auto want =
      only<GuestWant>(reader.put("bench: want cell=in face=16550 requests=2 bytes=128\n"));
  EXPECT_EQ(want.bytes, 128U);
  only<GuestMark>(reader.put("!"));
  const auto done = only<GuestDone>(
      reader.put("bench: done cell=a requests=1 bytes=2 cycles=3 kicks=4 interrupts=5 failed=6\n"));
  EXPECT_EQ(done.bytes, 2U);
  EXPECT_EQ(done.cycles, 3U);
  EXPECT_EQ(done.kicks, 4U);
  EXPECT_EQ(done.interrupts, 5U);
  EXPECT_EQ(done.failed, 6U);
  const auto linux_done = only<GuestDone>(
      reader.put("bench: done cell=a requests=1 bytes=2 cycles=3 interrupts=5 failed=6\n"));
  EXPECT_FALSE(linux_done.kicks.has_value());
  const auto latency =
      only<GuestLatency>(reader.put("bench: latency cell=a p50=1 p90=2 p99=3 p999=4 max=5\n"));
  EXPECT_EQ(latency.p999, 4U);
  const auto histogram =
      only<GuestHistogram>(reader.put("bench: histogram cell=a 1200:5 1240:77\n"));
  ASSERT_EQ(histogram.buckets.size(), 2U);
  EXPECT_EQ(histogram.buckets[1].lower, 1240U);
  EXPECT_EQ(histogram.buckets[1].count, 77U);
  EXPECT_EQ(only<GuestSkip>(reader.put("bench: skip cell=a why=no_such_device\n")).why,
            "no such device");
  EXPECT_EQ(only<GuestFail>(reader.put("bench: fail cell=a why=timed_out\n")).why, "timed out");
  EXPECT_EQ(only<GuestEnd>(reader.put("bench: end status=3\n")).status, 3U);
}

TEST(GuestWords, BytesMayComeOneByOneAndOtherLinesAreKept) {
  GuestReader reader;
  std::size_t words = 0;
  for (const char c : std::string("SeaBIOS\n!bench: end status=0\nwhat \x1b[0m!\n"))
    words += reader.put({&c, 1}).size();
  EXPECT_EQ(words, 2U);  // the mark, the end; a '!' within a line is text
  EXPECT_EQ(reader.other(), "SeaBIOS\nwhat ?[0m!\n");
}

TEST(GuestWords, WhatIsMalformedIsNonsense) {
  const std::string long_name(GuestReader::kMostName + 1, 'a');
  std::string buckets;
  for (int i = 0; i <= 200; ++i)
    buckets += " " + std::to_string(i + 1) + ":1";
  const std::vector<std::string> lines = {
      "bench: ",
      "bench: hello",
      "bench: begin program=x version=1",               // a word is missing
      "bench: begin program=x version=one tsc_khz=1",   // no number
      "bench: begin program=x version=-1 tsc_khz=1",    // negative
      "bench: begin program=x version=1 tsc_khz=0x10",  // hexadecimal
      "bench: begin program=x version=1 tsc_khz=",      // empty
      "bench: begin program=x version=1 tsc_khz=18446744073709551616",
      "bench: begin program= version=1 tsc_khz=1",
      "bench: ready cell=a/b face=x requests=1",  // a path
      "bench: ready cell=a\x01 face=x requests=1",
      "bench: ready cell=" + long_name + " face=x requests=1",
      "bench: ready cell=a face=<script> requests=1",
      "bench: done cell=a requests=1 bytes=2 cycles=3 kicks=4 interrupts=5",
      "bench: done cell=a requests=1 bytes=2 cycles=3 kicks=x interrupts=5 failed=6",
      "bench: done cell=a 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
      "bench: latency cell=a p50=1 p90=2 p99=3 p999=4",
      "bench: histogram",
      "bench: histogram cell=a 12",
      "bench: histogram cell=a 12:",
      "bench: histogram cell=a :12",
      "bench: histogram cell=a 2:1 1:1",  // not ascending
      "bench: histogram cell=a 1:1 1:1",
      "bench: histogram cell=a" + buckets,  // more than may be
      "bench: end",
  };
  for (const std::string& line : lines) {
    EXPECT_TRUE(std::holds_alternative<GuestNonsense>(parse_guest_line(line))) << line;
  }
}

TEST(GuestWords, NothingIsBelievedAfterNonsense) {
  GuestReader reader;
  const auto words = reader.put("bench: no\x01nsense\nbench: end status=0\n");
  EXPECT_THAT(only<GuestNonsense>(words).what, HasSubstr("no?nsense"));
  EXPECT_TRUE(reader.put("bench: end status=0\n").empty());
}

TEST(GuestWords, AGuestThatNeverEndsALineIsBounded) {
  GuestReader reader;
  EXPECT_TRUE(reader.put(std::string(GuestReader::kMostLine, 'x')).empty());
  EXPECT_THAT(only<GuestNonsense>(reader.put("xx")).what, HasSubstr("8192 bytes"));
  GuestReader chatty;
  for (int i = 0; i < 10'000; ++i)
    chatty.put("a line that has nothing to do with it\n");
  EXPECT_LE(chatty.other().size(), GuestReader::kMostOther);
}

TEST(GuestWords, AReasonIsShortAndPrintable) {
  const auto word = parse_guest_line("bench: skip cell=a why=" + std::string(5000, '\x07'));
  EXPECT_EQ(std::get<GuestSkip>(word).why, std::string(GuestReader::kMostReason, '?'));
}

}  // namespace
}  // namespace skiff::bench
