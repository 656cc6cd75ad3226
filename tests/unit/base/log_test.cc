#include "vmm/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <latch>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "vmm/base/error.h"

namespace skiff {
namespace {

using testing::HasSubstr;
using testing::Not;

// A log file of its own for each test; logging goes back to stderr afterwards.
class LogTest : public testing::Test {
 protected:
  LogTest()
      : path_(std::filesystem::temp_directory_path() /
              ("skiff-log-test." + std::to_string(::getpid()))) {}
  ~LogTest() override {
    log_setup(LogLevel::warning, "");
    std::filesystem::remove(path_);
  }
  std::string text() const {
    std::ifstream file(path_);
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
  }

  const std::filesystem::path path_;
};

std::size_t count_of(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    ++count;
  return count;
}

TEST(LogLevel, EveryNameIsKnownAndNothingElse) {
  EXPECT_EQ(parse_log_level("trace"), LogLevel::trace);
  EXPECT_EQ(parse_log_level("debug"), LogLevel::debug);
  EXPECT_EQ(parse_log_level("info"), LogLevel::info);
  EXPECT_EQ(parse_log_level("warning"), LogLevel::warning);
  EXPECT_EQ(parse_log_level("warn"), LogLevel::warning);
  EXPECT_EQ(parse_log_level("error"), LogLevel::error);
  EXPECT_EQ(parse_log_level("off"), LogLevel::off);
  for (const char* const bad : {"", "Warning", "warnin", "warnings", " info", "0"}) {
    EXPECT_EQ(parse_log_level(bad), std::nullopt) << bad;
  }
}

// Without a log_setup before them, several threads may be the first to log. CTest runs each test in
// a process of its own, so this one's first line is the process's first.
TEST(LogFirst, SeveralThreadsMayBeTheFirstToLog) {
  testing::internal::CaptureStderr();
  {
    std::latch all_there(4);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&all_there] {
        all_there.arrive_and_wait();
        log_warning("a first line");
      });
    }
  }
  EXPECT_EQ(count_of(testing::internal::GetCapturedStderr(), "a first line"), 4U);
}

TEST_F(LogTest, FileGetsWhatIsAtOrAboveTheLevel) {
  log_setup(LogLevel::info, path_);
  log_debug("not this");
  log_info("this {}", 42);
  log_error("and that");
  EXPECT_THAT(text(), HasSubstr("info: this 42\n"));
  EXPECT_THAT(text(), HasSubstr("error: and that\n"));
  EXPECT_THAT(text(), Not(HasSubstr("not this")));
  EXPECT_FALSE(log_enabled(LogLevel::debug));
  EXPECT_TRUE(log_enabled(LogLevel::info));
}

TEST_F(LogTest, FileIsAppendedTo) {
  log_setup(LogLevel::info, path_);
  log_info("first run");
  log_setup(LogLevel::info, path_);
  log_info("second run");
  EXPECT_THAT(text(), HasSubstr("first run"));
  EXPECT_THAT(text(), HasSubstr("second run"));
}

TEST_F(LogTest, OffIsOff) {
  log_setup(LogLevel::off, path_);
  log_error("nobody reads this");
  EXPECT_FALSE(log_enabled(LogLevel::error));
  EXPECT_FALSE(log_enabled(LogLevel::off));
  EXPECT_EQ(text(), "");
}

TEST_F(LogTest, MessagesOfOthersAreNotFormatStrings) {
  log_setup(LogLevel::info, path_);
  log_message(LogLevel::info, "from the guest: {} {0} {nonsense} %s %n");
  EXPECT_THAT(text(), HasSubstr("from the guest: {} {0} {nonsense} %s %n\n"));
}

TEST_F(LogTest, AFileThatCannotBeOpenedIsAnErrorThatNamesIt) {
  try {
    log_setup(LogLevel::info, "/proc/nowhere/skiff.log");
    FAIL() << "no exception";
  } catch (const HostError& error) {
    EXPECT_THAT(error.what(), HasSubstr("/proc/nowhere/skiff.log"));
  }
}

TEST_F(LogTest, GuestFaultsAreLoggedInABurstAndCountedForEver) {
  log_setup(LogLevel::warning, path_);
  GuestFaultLog faults("serial0");
  constexpr std::uint64_t kMany = 1000;
  for (std::uint64_t i = 0; i < kMany; ++i)
    faults.report("bad offset {:#x}", i);
  EXPECT_EQ(faults.count(), kMany);
  EXPECT_EQ(count_of(text(), "serial0: guest fault: bad offset"), GuestFaultLog::kBurst);
  EXPECT_EQ(count_of(text(), "counted, not logged"), 1U);
  EXPECT_THAT(text(), HasSubstr("bad offset 0x7 (further"));
  GuestFaultLog other("serial1");
  other.report("another device has a burst of its own");
  EXPECT_THAT(text(), HasSubstr("serial1"));
}

TEST_F(LogTest, GuestFaultsOfManyThreadsStayWithinTheBurst) {
  log_setup(LogLevel::warning, path_);
  GuestFaultLog faults("nic0");
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&faults] {
        for (int i = 0; i < 500; ++i)
          faults.report("x");
      });
    }
  }
  EXPECT_EQ(faults.count(), 2000U);
  EXPECT_EQ(count_of(text(), "guest fault"), GuestFaultLog::kBurst);
}

}  // namespace
}  // namespace skiff
