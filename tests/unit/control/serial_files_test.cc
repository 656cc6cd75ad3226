#include "vmm/control/serial_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "vmm/base/error.h"

namespace skiff {
namespace {

using testing::HasSubstr;

class SerialFilesTest : public testing::Test {
 protected:
  SerialFilesTest() : folder_(testing::TempDir() + "skiff-serial-XXXXXX") {
    if (::mkdtemp(folder_.data()) == nullptr) ADD_FAILURE() << folder_;
    ::signal(SIGPIPE, SIG_IGN);
  }
  ~SerialFilesTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  static std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  static std::size_t put(ByteSink& sink, std::string_view text) {
    return sink.write(std::as_bytes(std::span(text)));
  }

  std::string folder_;
};

TEST_F(SerialFilesTest, ANullSinkTakesAll) {
  NullSink sink;
  EXPECT_TRUE(sink.writable());
  EXPECT_EQ(put(sink, "abc"), 3U);
}

TEST_F(SerialFilesTest, AFileIsEmptiedThenWritten) {
  std::ofstream(path("log")) << "something old and long";
  FileSink sink(path("log"));
  EXPECT_EQ(content(path("log")), "");
  EXPECT_TRUE(sink.writable());
  EXPECT_EQ(put(sink, "abc"), 3U);
  EXPECT_EQ(put(sink, "def"), 3U);
  EXPECT_EQ(content(path("log")), "abcdef");
}

TEST_F(SerialFilesTest, OnePathIsOneSinkAndStaysOpen) {
  SerialFiles files;
  ByteSink& first = files.sink(path("log"));
  put(first, "first life\n");
  ByteSink& second = files.sink(path("log"));  // the guest has reset itself
  EXPECT_EQ(&first, &second);
  put(second, "second life\n");
  EXPECT_EQ(content(path("log")), "first life\nsecond life\n");
}

TEST_F(SerialFilesTest, AFileThatCannotBeOpenedIsNamed) {
  try {
    FileSink sink(path("missing/log"));
    FAIL();
  } catch (const HostError& error) {
    EXPECT_THAT(error.what(), HasSubstr("missing/log"));
    EXPECT_THAT(error.what(), HasSubstr("No such file"));
  }
}

TEST_F(SerialFilesTest, AFifoNobodyReadsIsAnError) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  try {
    FileSink sink(path("fifo"));
    FAIL();
  } catch (const HostError& error) {
    EXPECT_THAT(error.what(), HasSubstr("a FIFO nobody reads"));
  }
}

// A device told "not writable" would wait to be called, and nobody calls: it has to try again.
TEST_F(SerialFilesTest, AFullFifoRefusesButIsNotNotReady) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  Fd reader(::open(path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  FileSink sink(path("fifo"));
  const std::string text(1000, 'x');
  std::size_t taken = 0;
  while (taken < 10'000'000) {
    const std::size_t count = put(sink, text);
    if (count == 0) break;
    taken += count;
  }
  while (taken < 10'000'000 && put(sink, "x") != 0)
    ++taken;
  EXPECT_GE(taken, 4096U);
  ASSERT_LT(taken, 10'000'000U);
  EXPECT_TRUE(sink.writable());
  char buffer[8192];
  ASSERT_EQ(::read(reader.get(), buffer, sizeof buffer), static_cast<ssize_t>(sizeof buffer));
  EXPECT_EQ(put(sink, "y"), 1U);
  // Its reader has gone: said once, discarded from now, so that the guest runs on.
  reader.reset();
  testing::internal::CaptureStderr();
  EXPECT_EQ(put(sink, text), text.size());
  EXPECT_EQ(put(sink, text), text.size());
  const std::string message = testing::internal::GetCapturedStderr();
  EXPECT_THAT(message, HasSubstr("Broken pipe"));
  EXPECT_EQ(message.find("Broken pipe"), message.rfind("Broken pipe"));
}

TEST_F(SerialFilesTest, AFullDiskIsSaidOnceAndCostsNoByteOfTheGuestsTime) {
  FileSink sink("/dev/full");
  testing::internal::CaptureStderr();
  EXPECT_EQ(put(sink, "abc"), 3U);
  EXPECT_EQ(put(sink, "abc"), 3U);
  EXPECT_TRUE(sink.writable());
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("No space left"));
}

}  // namespace
}  // namespace skiff
