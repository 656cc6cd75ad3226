// What the commands on named VMs make of words, times and states.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <utility>

#include "vmm/cli/command_line.h"
#include "vmm/cli/command_spec.h"
#include "vmm/cli/log_times.h"
#include "vmm/cli/number_option.h"
#include "vmm/cli/vm_table.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Operands, AsManyAsACommandTakes) {
  EXPECT_THAT(parse_command_line({"stop", "a", "-f", "b"}).operands, ElementsAre("a", "b"));
  EXPECT_EQ(parse_command_line({"stop", "a", "b"}).operand, "a");
  EXPECT_THROW(parse_command_line({"stop"}), UsageError);
  EXPECT_TRUE(parse_command_line({"stop", "--help"}).has("--help"));
  EXPECT_THROW(parse_command_line({"wait", "a", "b"}), UsageError);
  EXPECT_THROW(parse_command_line({"ps", "a"}), UsageError);
  EXPECT_TRUE(parse_command_line({"rm", "--ended"}).operands.empty());
}

TEST(NumberOption, IsANumberOfItsRange) {
  const auto given = [](const std::string& text) {
    Arguments arguments;
    arguments.options = {{"--number", "7"}, {"--number", text}};
    return arguments;
  };
  const auto count = [&](const std::string& text) {
    return number_option(given(text), "--number", std::uint32_t{2}, std::uint32_t{40});
  };
  EXPECT_EQ(number_option(Arguments(), "--number", 1, 2), std::nullopt);
  EXPECT_EQ(count("2"), 2);
  EXPECT_EQ(count("40"), 40);
  EXPECT_EQ(number_option(given("0.5"), "--number", 0.1, 60.0), 0.5);
  for (const char* const text : {"", "1", "41", "-3", "+3", " 3", "3 ", "3s", "x", "4294967299"})
    EXPECT_THROW(count(text), UsageError) << text;
  for (const char* const text : {"0.01", "nan", "inf", "60.1"}) {
    EXPECT_THROW(number_option(given(text), "--number", 0.1, 60.0), UsageError) << text;
  }
}

// What each option's command makes of it: the error names option, value and range.
TEST(NumberOption, WhatIsNoneIsSaidByEveryCommandAlike) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> mistakes = {
      {{"stop", "a", "--timeout", "1m"},
       "--timeout is \"1m\"; it must be a number from 0 to 31536000"},
      {{"top", "a", "--interval", "61"},
       "--interval is \"61\"; it must be a number from 0.1 to 60"},
      {{"events", "a", "--after", "-1"},
       "--after is \"-1\"; it must be a number from 0 to 18446744073709551615"},
      {{"bench", "--filter", "doorbell/*", "--runs", "1001"},
       "--runs is \"1001\"; it must be a number from 1 to 1000"},
      {{"bench", "--filter", "doorbell/*", "--patience", "0"},
       "--patience is \"0\"; it must be a number from 1 to 3600"},
  };
  for (const auto& [words, said] : mistakes) {
    const Arguments arguments = parse_command_line(words);
    try {
      arguments.command->run(arguments);
      ADD_FAILURE() << words[0] << " takes it";
    } catch (const UsageError& error) {
      EXPECT_EQ(error.what(), said);
    }
  }
}

system_clock::time_point at(long long ms) {
  return system_clock::time_point(std::chrono::milliseconds(ms));
}

TEST(LogTimes, AreReadWhereverTheyAreFrom) {
  EXPECT_EQ(parse_log_time("2000-02-29T12:34:56.007Z hello"), at(951'827'696'007));
  EXPECT_EQ(parse_log_time("2000-02-29T13:34:56.007+01:00 info: x"), at(951'827'696'007));
  EXPECT_EQ(parse_log_time("2000-02-29T07:04:56-0530"), at(951'827'696'000));
  ::setenv("TZ", "UTC0", 1);
  ::tzset();
  EXPECT_EQ(parse_log_time("2000-02-29 12:34"), at(951'827'640'000));
  EXPECT_EQ(parse_log_time("2000-02-29"), at(951'782'400'000));
  for (const char* const text : {"", "x", "2000", "2000-13-01", "2000-02-29T", "2000-02-29T25:00",
                                 "2000-02-29T12:34:5", "-200-02-29"}) {
    EXPECT_FALSE(parse_log_time(text)) << text;
  }
}

TEST(LogTimes, OrHowLongAgo) {
  const auto now = at(1'000'000'000);
  EXPECT_EQ(parse_since("90", now), now - 90s);
  EXPECT_EQ(parse_since("5s", now), now - 5s);
  EXPECT_EQ(parse_since("15m", now), now - 15min);
  EXPECT_EQ(parse_since("2h", now), now - 2h);
  EXPECT_EQ(parse_since("3d", now), now - 72h);
  EXPECT_EQ(parse_since("2000-02-29T12:34:56Z", now), at(951'827'696'000));
  for (const char* const text : {"", "m", "5y", "-5m", "5 m"})
    EXPECT_FALSE(parse_since(text, now)) << text;
}

TEST(LogFilter, PassesLinesFromATimeOn) {
  const std::string text =
      "2000-01-01T00:00:01Z old\nstill old\n2000-01-01T00:00:02Z new\nstill new\nno end";
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    LogFilter filter(parse_log_time("2000-01-01T00:00:02Z"));
    std::string out;
    for (std::size_t from = 0; from < text.size(); from += piece)
      out += filter.feed(std::string_view(text).substr(from, piece));
    EXPECT_EQ(out + filter.finish(), text.substr(text.find("2000-01-01T00:00:02Z")));
  }
  LogFilter all(std::nullopt);
  EXPECT_EQ(all.feed("a\nb"), "a\nb");
}

TEST(VmTable, StatesAndRates) {
  const VmInfo info{.name = "web",
                    .pid = 5,
                    .vcpus = 2,
                    .memory = 512U << 20,
                    .uptime = 10s,
                    .exits = 2000,
                    .cpu_ns = 5'000'000'000,
                    .started = at(1'000'000)};
  std::vector<SurveyedVm> vms = {{.name = "web", .life = VmLife::live, .info = info},
                                 {.name = "dead", .life = VmLife::crashed, .info = {}},
                                 {.name = "stuck", .life = VmLife::live, .info = {}}};
  const std::string table = vm_table(vms, at(1'020'000));
  EXPECT_THAT(table,
              HasSubstr("\nweb      5  running           2    512M     10s  25.0      200\n"));
  EXPECT_THAT(table, HasSubstr("\ndead     -  crashed "));
  EXPECT_THAT(table, HasSubstr("\nstuck    -  unresponsive "));
  EXPECT_THAT(vm_list_json(vms), HasSubstr("{\"name\":\"dead\",\"state\":\"crashed\"}"));
}

TEST(VmTable, Durations) {
  EXPECT_EQ(duration_text(59s), "59s");
  EXPECT_EQ(duration_text(754s), "12m34s");
  EXPECT_EQ(duration_text(5h + 7min), "5h07m");
  EXPECT_EQ(duration_text(76h), "3d04h");
}

}  // namespace
}  // namespace skiff
