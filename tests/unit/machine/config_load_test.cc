// load_config against real files: what they are, what they name, and what must not hang.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "vmm/base/error.h"
#include "vmm/machine/config_file.h"

namespace skiff {
namespace {

using testing::HasSubstr;

class ConfigLoad : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/skiff-config-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    return folder_ + "/" + name;
  }
  std::string error_of(const std::string& file) {
    try {
      load_config(file, {}, config_facts());
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  }

  std::string folder_;
};

TEST_F(ConfigLoad, PathsStartAtTheFile) {
  write("vmlinuz", "kernel");
  const auto config = load_config(write("vm.toml", "boot.kernel = 'vmlinuz'"), {}, config_facts());
  EXPECT_EQ(config.boot.kernel, folder_ + "/vmlinuz");
}

TEST_F(ConfigLoad, AMissingKernelNamesThePathLookedAt) {
  const auto error = error_of(write("vm.toml", "[boot]\nkernel = 'vmlinuz'\n"));
  EXPECT_THAT(error, HasSubstr("vm.toml:2:10: error: boot.kernel \"vmlinuz\" cannot be found: " +
                               folder_ + "/vmlinuz: No such file or directory\n"));
  EXPECT_THAT(error, HasSubstr("    2 | kernel = 'vmlinuz'\n      |          ^~~~~~~~~\n"));
}

TEST_F(ConfigLoad, KernelsThatAreNoFiles) {
  const auto config = write("vm.toml", "[boot]\nkernel = 'k'\n");
  std::filesystem::create_directory(folder_ + "/k");
  EXPECT_THAT(error_of(config), HasSubstr("is a directory, not a regular file: " + folder_));
  std::filesystem::remove(folder_ + "/k");
  ASSERT_EQ(::mkfifo((folder_ + "/k").c_str(), 0600), 0);
  EXPECT_THAT(error_of(config), HasSubstr("is a FIFO, not a regular file"));
  std::filesystem::remove(folder_ + "/k");
  write("k", "");
  EXPECT_THAT(error_of(config), HasSubstr("\"k\" is an empty file"));
}

TEST_F(ConfigLoad, AnInitrdLargerThanRam) {
  write("k", "kernel");
  std::filesystem::resize_file(write("i", "x"), 17U << 20);
  EXPECT_THAT(
      error_of(write("vm.toml", "[machine]\nmemory='16M'\n[boot]\nkernel='k'\ninitrd='i'\n")),
      HasSubstr("has 17825792 bytes, more than the guest's RAM (machine.memory is 16M)"));
}

TEST_F(ConfigLoad, SerialFilesMustBeWritable) {
  write("k", "kernel");
  EXPECT_THAT(error_of(write("vm.toml", "boot.kernel='k'\n[[serial]]\npath='no/such/log'\n")),
              HasSubstr("3:6: error: serial.path \"no/such/log\" cannot be made in " + folder_ +
                        "/no/such"));
  EXPECT_THAT(error_of(write("vm.toml", "boot.kernel='k'\n[[serial]]\npath='.'\n")),
              HasSubstr("is a directory"));
}

TEST_F(ConfigLoad, ConfigurationsThatAreNone) {
  EXPECT_THAT(error_of(folder_ + "/none.toml"), HasSubstr("none.toml: error: cannot be read: No"));
  EXPECT_THAT(error_of(folder_), HasSubstr("is a directory, not a configuration file"));
  EXPECT_THAT(error_of("/dev/null"), HasSubstr("is a character device"));
  EXPECT_THAT(error_of(write("empty.toml", "")), HasSubstr("boot.kernel is missing"));
  EXPECT_THAT(error_of(write("elf",
                             "\x7f"
                             "ELF....")),
              HasSubstr("is an ELF program"));
  EXPECT_THAT(error_of(write("nul", std::string("a\0b", 3))), HasSubstr("is binary"));
  EXPECT_THAT(error_of(write("bz", std::string(0x202, 'x') + "HdrS")),
              HasSubstr("is a Linux kernel, not a configuration; to start it: --kernel"));
}

TEST_F(ConfigLoad, AFifoDoesNotBlock) {
  const std::string path = folder_ + "/fifo.toml";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_THAT(error_of(path), HasSubstr("is a FIFO, not a configuration file"));
}

TEST_F(ConfigLoad, ATooLargeFileIsRefusedWithItsSize) {
  EXPECT_THAT(error_of(write("big.toml", std::string(10'000'000, '#'))),
              HasSubstr("has 10000000 bytes; a configuration may have at most 1048576"));
  const std::string largest = "boot.kernel='k'\n" + std::string(kMaxConfigFile - 16, '#');
  write("k", "kernel");
  EXPECT_EQ(error_of(write("fits.toml", largest)), "");
}

TEST_F(ConfigLoad, AThousandErrorsAreCutShort) {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "k" + std::to_string(i) + " = 1\n";
  const auto error = error_of(write("vm.toml", text));
  EXPECT_THAT(error, HasSubstr("and 951 more errors"));
  EXPECT_LT(error.size(), 20'000U);
}

// For an error that only the host can tell of, when the file has long been read.
TEST_F(ConfigLoad, RemembersWhereTheIrqchipWasSaid) {
  const std::string plain = "boot.kernel = 'k'\n";
  write("k", "kernel");
  constexpr std::array kModes = {IrqchipMode::split};
  ConfigFacts facts = config_facts();
  facts.irqchips = kModes;
  const auto place = [&facts](const std::string& file,
                              const std::vector<ConfigOverride>& overrides) {
    return load_config(file, overrides, facts).machine.irqchip_place;
  };
  const auto said = write("vm.toml", plain + "[machine]\nirqchip = 'split'\n");
  EXPECT_EQ(place(said, {}), folder_ + "/vm.toml:3:11");
  EXPECT_EQ(place(said, {{"machine.irqchip", "split", "--set machine.irqchip"}}),
            "--set machine.irqchip");
  EXPECT_EQ(place(write("plain.toml", plain), {}), "");
}

TEST_F(ConfigLoad, NoFileAtAll) {
  const auto kernel = write("k", "kernel");
  EXPECT_EQ(load_config("", {{"boot.kernel", kernel, "--kernel k"}}, config_facts()).boot.kernel,
            kernel);
  EXPECT_THAT(error_of(""), HasSubstr("command line: error: boot.kernel is missing"));
}

}  // namespace
}  // namespace skiff
