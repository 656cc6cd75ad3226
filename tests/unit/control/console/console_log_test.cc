#include "vmm/control/console/console_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "vmm/base/error.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
namespace fs = std::filesystem;

class ConsoleLogTest : public testing::Test {
 protected:
  ConsoleLogTest() : folder_(fs::path(testing::TempDir()) / ("log" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~ConsoleLogTest() override { fs::remove_all(folder_); }

  void create(std::uint64_t max_size = 0, std::uint32_t keep = 2) {
    log_ = std::make_unique<ConsoleLog>(
        io_, RotatingFileOptions{.path = path(), .max_size = max_size, .keep = keep},
        [this] { return now_; }, 1ms);
    log_->on_due([this] { log_->serve(history_); });
  }
  std::string path() const { return folder_ / "console.log"; }
  static std::string read(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void put(std::string_view text) { history_.write(std::as_bytes(std::span(text))); }
  void write_now() {
    log_->serve(history_);
    io_.restart();
    io_.run();  // the batch's timer, until none is armed
  }

  fs::path folder_;
  boost::asio::io_context io_{1};
  OutputHistory history_;
  std::chrono::system_clock::time_point now_{1'790'000'000'123ms};
  std::unique_ptr<ConsoleLog> log_;
};

constexpr const char* kStamp = "2026-09-21T14:13:20.123Z ";

TEST_F(ConsoleLogTest, EachLineHasItsTime) {
  create();
  put("one\r\ntwo\nlog");
  write_now();
  now_ += 1s;
  put("in: \r\n\r\nx\ry\n");
  write_now();
  const std::string stamp = kStamp;
  const std::string later = "2026-09-21T14:13:21.123Z ";
  EXPECT_EQ(read(path()), stamp + "one\n" + stamp + "two\n" + stamp + "login: \n" + later + "\n" +
                              later + "x\ry\n");
}

TEST_F(ConsoleLogTest, NothingIsArmedWhileNothingComes) {
  create();
  log_->serve(history_);
  io_.restart();
  EXPECT_EQ(io_.run(), 0U);
  put("x");
  EXPECT_EQ(log_->wake_at(), 0U);
  log_->serve(history_);
  EXPECT_GT(log_->wake_at(), 1U) << "one wake-up for a batch";
}

TEST_F(ConsoleLogTest, FilesAreRotatedAtLinesAndTheOldestRemoved) {
  create(1000, 2);
  for (int i = 0; i < 100; ++i) {
    put("a line of some length, number " + std::to_string(i) + "\n");
    write_now();
  }
  EXPECT_LT(read(path()).size(), 1100U);
  EXPECT_THAT(read(path() + ".1"), EndsWith("\n"));
  EXPECT_THAT(read(path() + ".1"), StartsWith(kStamp));
  EXPECT_GE(read(path() + ".2").size(), 1000U);
  EXPECT_FALSE(fs::exists(path() + ".3"));
  EXPECT_THAT(read(path() + ".1") + read(path()), EndsWith("number 99\n"));
}

TEST_F(ConsoleLogTest, ALineWithoutEndDoesNotMakeAnEndlessFile) {
  create(10'000, 1);
  for (int i = 0; i < 100; ++i) {
    put(std::string(1000, 'x'));
    write_now();
  }
  EXPECT_LT(read(path()).size() + read(path() + ".1").size(), 50'000U);
}

TEST_F(ConsoleLogTest, AFloodIsLeftOutAndCounted) {
  create();
  std::string line(99, 'x');
  line += '\n';
  std::string half_mebibyte;
  while (half_mebibyte.size() < 512 * 1024)
    half_mebibyte += line;
  std::size_t total = 0;
  log_->serve(history_);
  for (int i = 0; i < 40; ++i) {  // 20 MiB in one second
    put(half_mebibyte);
    total += half_mebibyte.size();
    log_->serve(history_);
  }
  now_ += 1s;
  write_now();
  put("after\n");
  write_now();
  const std::string text = read(path());
  EXPECT_LT(text.size(), 12U * 1024 * 1024);
  const auto at = text.find(" bytes not logged]");
  ASSERT_NE(at, std::string::npos);
  const std::size_t begin = text.rfind('[', at) + 1;
  const std::size_t skipped = std::stoull(text.substr(begin));
  std::size_t logged = 0;
  for (std::size_t i = text.find('x'); i != std::string::npos; i = text.find('x', i + 1))
    ++logged;
  EXPECT_NEAR(static_cast<double>(logged) * 100 / 99 + static_cast<double>(skipped),
              static_cast<double>(total), 200.0);
  EXPECT_THAT(text, EndsWith("after\n"));
}

TEST_F(ConsoleLogTest, AWriteErrorIsToldOnceAndNothingMore) {
  RotatingFile full({.path = "/dev/full", .max_size = 0, .keep = 0});
  testing::internal::CaptureStderr();
  full.write("x", true);
  full.write("y", true);
  EXPECT_TRUE(full.failed());
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_THAT(told, HasSubstr("No space left"));
  EXPECT_EQ(told.find("No space left"), told.rfind("No space left"));
  EXPECT_THROW(RotatingFile({.path = "/nonexistent/x"}), HostError);
}

}  // namespace
}  // namespace skiff
