// Input that cannot be run: one clear error, the right status, and no crash or hang.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/kvm/process/skiff_process.h"
#include "tests/kvm/require_kvm.h"

namespace skiff::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class BadInput : public testing::Test {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }

  // Every error is one line that says `about`, with nothing on stdout.
  static void expect_error(const std::vector<std::string>& arguments, int status,
                           const std::string& about) {
    const Finished run = run_skiff(arguments, {}, 20s);
    EXPECT_EQ(run.ending, status) << run.err;
    EXPECT_THAT(run.err, HasSubstr(about));
    EXPECT_THAT(run.out, IsEmpty());
    EXPECT_EQ(std::ranges::count(run.err, '\n'), 1) << run.err;
  }
  void expect_bad_kernel(const std::string& path, const std::string& about) const {
    expect_error({"run", "--kernel", path, "--memory", "32M"}, 120, about);
  }

  const TemporaryFolder folder_;
};

TEST_F(BadInput, AKernelThatIsMissing) {
  expect_bad_kernel(folder_.file("nothing"), "nothing");
}

TEST_F(BadInput, AKernelThatIsADirectory) {
  expect_bad_kernel("/", "directory");
}

TEST_F(BadInput, AKernelThatIsAFifoWithNobodyAtItsOtherEnd) {
  ASSERT_EQ(::mkfifo(folder_.file("fifo").c_str(), 0600), 0);
  expect_bad_kernel(folder_.file("fifo"), "FIFO");
}

TEST_F(BadInput, AKernelThatIsADevice) {
  expect_bad_kernel("/dev/zero", "not a regular file");
}

TEST_F(BadInput, AKernelThatIsText) {
  expect_bad_kernel(folder_.write("text", "#!/bin/sh\nexit 0\n"), "no kernel");
}

TEST_F(BadInput, AKernelThatIsEmpty) {
  expect_bad_kernel(folder_.write("empty", ""), "empty");
}

TEST_F(BadInput, AKernelForAnotherMachine) {
  std::string image = read_file(guest_path("hello"));
  ASSERT_GT(image.size(), 64U);
  image[18] = static_cast<char>(0xb7);  // e_machine: EM_AARCH64
  expect_bad_kernel(folder_.write("other", image), "aarch64");
}

TEST_F(BadInput, AKernelCutShortAnywhere) {
  const std::string image = read_file(guest_path("echo"));
  ASSERT_GT(image.size(), 10'000U);
  for (const std::size_t size : {4U, 17U, 63U, 64U, 100U, 200U, 4096U, 9000U}) {
    const Finished run = run_skiff(
        {"run", "--kernel", folder_.write("cut", image.substr(0, size)), "--memory", "32M"}, {},
        20s);
    EXPECT_EQ(run.ending, 120) << size << ": " << run.err;
    EXPECT_THAT(run.err, HasSubstr("cut")) << size;
    EXPECT_THAT(run.out, IsEmpty());
  }
}

TEST_F(BadInput, AnInitrdLargerThanRam) {
  const std::string initrd = folder_.write("initrd", "");
  ASSERT_EQ(::truncate(initrd.c_str(), 40L << 20), 0);
  expect_error(guest_arguments("boot-info", {}, {"--initrd", initrd}), 120, "more than");
}

TEST_F(BadInput, AnInitrdThatFitsIntoRamButNotBesideTheKernel) {
  const std::string initrd = folder_.write("initrd", "");
  ASSERT_EQ(::truncate(initrd.c_str(), (32L << 20) - 4096), 0);
  expect_error(guest_arguments("boot-info", {}, {"--initrd", initrd}), 120, "initrd");
}

TEST_F(BadInput, ACommandLineLongerThanTheKernelTakes) {
  expect_error(guest_arguments("echo", std::string(100'000, 'x')), 120, "cmdline");
}

TEST_F(BadInput, TwoSerialPortsAtOneAddress) {
  expect_error(guest_arguments("hello", {},
                               {"--set", "serial.0.unit=1", "--set", "serial.1.unit=2", "--set",
                                "serial.1.target=null", "--set", "serial.1.port=0x3f8"}),
               120, "0x3f8");
}

// 1024 here; on hosts that allow fewer it is their number that is named.
TEST_F(BadInput, MoreVcpusThanTheHostAllows) {
  expect_error(guest_arguments("hello", {}, {"--vcpus", "4096"}), 120, "machine.vcpus");
}

TEST_F(BadInput, AThousandVcpusRunOrAreRefusedInOneLine) {
  const Finished run = run_skiff(guest_arguments("hello", {}, {"--vcpus", "1000"}));
  if (run.ending == 0) {
    EXPECT_EQ(run.out, "hello from the guest\n");
  } else {
    EXPECT_TRUE(run.ending == 120 || run.ending == 121);
    EXPECT_EQ(std::ranges::count(run.err, '\n'), 1) << run.err;
  }
}

TEST_F(BadInput, MoreMemoryThanTheAddressSpace) {
  const Finished run =
      run_skiff({"run", "--kernel", guest_path("hello"), "--memory", "64T"}, {}, 20s);
  EXPECT_TRUE(run.ending == 120 || run.ending == 121) << testing::PrintToString(run.ending);
  EXPECT_EQ(std::ranges::count(run.err, '\n'), 1) << run.err;
  expect_error({"run", "--kernel", guest_path("hello"), "--memory", "65T"}, 120, "memory");
}

TEST_F(BadInput, ASerialFileThatCannotBeMade) {
  expect_error(guest_arguments("hello", {},
                               {"--set", "serial.0.unit=2", "--set", "serial.0.target=file",
                                "--set", "serial.0.path=/proc/nothing"}),
               121, "/proc/nothing");
}

TEST_F(BadInput, ASerialFileOnAFullDiskCostsOneLine) {
  const Finished run =
      run_skiff(guest_arguments("flood", "kb=16",
                                {"--set", "serial.0.unit=1", "--set", "serial.0.target=file",
                                 "--set", "serial.0.path=/dev/full"}));
  if (run.ending == 120) GTEST_SKIP() << "the configuration allows no device: " << run.err;
  EXPECT_EQ(run.ending, 0);
  EXPECT_THAT(run.err, HasSubstr("No space left on device"));
  EXPECT_EQ(std::ranges::count(run.err, '\n'), 1) << run.err;
}

}  // namespace
}  // namespace skiff::test
