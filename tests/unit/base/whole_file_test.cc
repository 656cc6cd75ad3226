#include "vmm/base/whole_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace skiff {
namespace {

class WholeFileTest : public testing::Test {
 protected:
  WholeFileTest() {
    std::string name = testing::TempDir() + "skiff-whole-XXXXXX";
    folder = ::mkdtemp(name.data());
  }
  ~WholeFileTest() override { std::filesystem::remove_all(folder); }

  static std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
  }
  std::ptrdiff_t files() const {
    return std::distance(std::filesystem::directory_iterator(folder), {});
  }

  std::filesystem::path folder;
};

// Whoever has the old file open goes on reading the old one.
TEST_F(WholeFileTest, TakesTheOldOnesPlace) {
  const auto path = folder / "out";
  std::ofstream(path) << "the old one, which is longer";
  std::ifstream reader(path);
  ASSERT_TRUE(write_whole_file(path, bytes("new")));
  EXPECT_EQ(contents(path), "new");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}),
            "the old one, which is longer");
  EXPECT_EQ(files(), 1);
}

TEST_F(WholeFileTest, SaysWhatIsWrong) {
  const auto written = write_whole_file(folder / "none" / "out", bytes("x"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error(), "create: No such file or directory");
  // A folder is no file to write to.
  EXPECT_FALSE(write_whole_file(folder, bytes("x")));
  EXPECT_EQ(files(), 0);
}

TEST_F(WholeFileTest, WritesToWhatIsNoRegularFile) {
  EXPECT_TRUE(write_whole_file("/dev/null", bytes("x")));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  EXPECT_FALSE(write_whole_file("/dev/full", bytes("x")));
}

}  // namespace
}  // namespace skiff
