// Run directories: who lives, who has ended, and two who want the same name.
#include "vmm/control/run_directory/run_directory.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "vmm/base/error.h"
#include "vmm/control/run_directory/run_files.h"
#include "vmm/control/run_directory/vm_directory.h"

namespace skiff::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RunDirectoryTest : public testing::Test {
 protected:
  RunDirectoryTest() : home_(testing::TempDir() + "skiff-run-XXXXXX") {
    if (::mkdtemp(home_.data()) == nullptr) std::abort();
    ::setenv("XDG_RUNTIME_DIR", home_.c_str(), 1);
  }
  ~RunDirectoryTest() override {
    std::error_code ignored;
    fs::remove_all(home_, ignored);
  }
  static VmDirectory find(const std::string& name) {
    const auto base = find_run_base();
    auto found = VmDirectory::find(*base, name);
    if (!found) throw std::runtime_error("there is no " + name);
    return *std::move(found);
  }
  // A VM that dies without a word.
  static void crash(const std::string& name) {
    const pid_t child = ::fork();
    if (child == 0) {
      const RunDirectory directory(name);
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
  }

  std::string home_;
};

TEST_F(RunDirectoryTest, ALiveOneIsThereAndHasAPid) {
  const RunDirectory directory("web");
  EXPECT_EQ(directory.path(), home_ + "/skiff/web");
  EXPECT_EQ(find("web").life(), VmLife::live);
  EXPECT_EQ(find("web").read("pid"), std::to_string(::getpid()) + "\n");
  struct stat status{};
  ASSERT_EQ(::stat(directory.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  EXPECT_EQ(vm_names(*find_run_base()), std::vector<std::string>{"web"});
}

TEST_F(RunDirectoryTest, OneThatNeverRanLeavesNothing) {
  {
    const RunDirectory directory("web");
  }
  EXPECT_FALSE(fs::exists(home_ + "/skiff/web"));
}

TEST_F(RunDirectoryTest, OneThatHasEndedSaysHow) {
  {
    RunDirectory directory("web");
    EXPECT_TRUE(directory.end("how"));
  }
  EXPECT_EQ(find("web").life(), VmLife::ended);
  EXPECT_EQ(find("web").read("status.json"), "how");
  EXPECT_FALSE(find("web").read("pid"));
}

TEST_F(RunDirectoryTest, ANameIsTakenAsLongAsItsVmLives) {
  const RunDirectory directory("web");
  try {
    const RunDirectory second("web");
    FAIL() << "two with one name";
  } catch (const HostError& error) {
    EXPECT_THAT(error.what(), HasSubstr("pid " + std::to_string(::getpid())));
  }
}

TEST_F(RunDirectoryTest, ACrashedOneIsKnownAsSuchAndReplaced) {
  crash("web");
  EXPECT_EQ(find("web").life(), VmLife::crashed);
  std::ofstream(home_ + "/skiff/web/console.log") << "old";
  const RunDirectory directory("web");
  EXPECT_EQ(find("web").life(), VmLife::live);
  EXPECT_FALSE(fs::exists(directory.file("console.log")));
}

TEST_F(RunDirectoryTest, OnlyWhatHasEndedIsRemoved) {
  crash("old");
  const RunDirectory directory("web");
  const auto base = find_run_base();
  EXPECT_FALSE(find("web").remove(*base));
  EXPECT_TRUE(find("old").remove(*base));
  EXPECT_EQ(vm_names(*base), std::vector<std::string>{"web"});
}

TEST_F(RunDirectoryTest, ManyStartersOfOneNameMakeOneVm) {
  crash("web");
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  constexpr int kStarters = 20;
  for (int count = 0; count < kStarters; ++count) {
    if (::fork() != 0) continue;
    ::close(ends[1]);
    int status = 1;
    try {
      const RunDirectory directory("web");
      status = 0;
      char byte = 0;
      // Until the test has counted.
      while (::read(ends[0], &byte, 1) > 0) {
      }
      ::_exit(status);
    } catch (const HostError&) {
      ::_exit(1);
    }
  }
  ::close(ends[0]);
  int refused = 0;
  int status = 0;
  while (refused < kStarters - 1 && ::wait(&status) > 0)
    refused += WEXITSTATUS(status) == 1 ? 1 : 100;
  EXPECT_EQ(refused, kStarters - 1);
  EXPECT_EQ(find("web").life(), VmLife::live);
  ::close(ends[1]);
  ::wait(&status);
}

TEST_F(RunDirectoryTest, UnsafePlacesAreRefused) {
  fs::create_directory(home_ + "/elsewhere");
  fs::create_symlink(home_ + "/elsewhere", home_ + "/skiff");
  EXPECT_THROW(RunDirectory("web"), HostError);
  fs::remove(home_ + "/skiff");
  fs::create_directory(home_ + "/skiff");
  ::chmod((home_ + "/skiff").c_str(), 0777);
  EXPECT_THROW(RunDirectory("web"), HostError);
  ::chmod((home_ + "/skiff").c_str(), 0700);
  fs::create_symlink(home_ + "/elsewhere", home_ + "/skiff/web");
  EXPECT_THROW(RunDirectory("web"), HostError);
  EXPECT_FALSE(VmDirectory::find(*find_run_base(), "web"));
}

TEST_F(RunDirectoryTest, NamesThatCannotBe) {
  for (const char* const name : {"", ".", "..", "a/b", "-a", "a b", "\xc3\xa4"})
    EXPECT_FALSE(is_vm_name(name)) << name;
  EXPECT_THROW(RunDirectory("../web"), ConfigError);
  EXPECT_FALSE(is_vm_name(std::string(65, 'a')));
  EXPECT_TRUE(is_vm_name(std::string(64, 'a')));
}

TEST_F(RunDirectoryTest, ASocketWorksHoweverLongItsPath) {
  const std::string deep = home_ + "/" + std::string(100, 'd');
  fs::create_directory(deep);
  ::setenv("XDG_RUNTIME_DIR", deep.c_str(), 1);
  const RunDirectory directory(std::string(64, 'n'));
  const Fd listener = directory.listen("control.sock");
  EXPECT_TRUE(fs::is_socket(directory.file("control.sock")));
  EXPECT_TRUE(find(directory.name()).connect("control.sock"));
  EXPECT_EQ(find(directory.name()).connect("other.sock").error(), ENOENT);
}

}  // namespace
}  // namespace skiff::test
