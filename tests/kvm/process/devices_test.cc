// Devices of a configuration, as a user starts and stops them: what is refused before the guest
// runs, the threads that are made, and a guest's own reset with a device at work.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/kvm/process/skiff_process.h"
#include "tests/kvm/require_kvm.h"

namespace skiff::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class Devices : public testing::Test {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }

  static Finished run_with(const std::vector<std::string>& more,
                           const std::string& program = "hello",
                           const std::string& command_line = {}) {
    return run_skiff(guest_arguments(program, command_line, more));
  }
  static std::vector<std::string> threads(pid_t pid) {
    std::vector<std::string> names;
    for (const auto& task :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
      std::string name;
      std::ifstream(task.path() / "comm") >> name;
      if (name.starts_with("skiff/")) names.push_back(name);
    }
    std::ranges::sort(names);
    return names;
  }
  std::string image(const std::string& name) const {
    std::string path = folder_.write(name, "");
    std::filesystem::resize_file(path, 1 << 20);
    return path;
  }

  const TemporaryFolder folder_;
};

TEST_F(Devices, AMachineWithoutThemHasNoThreadForThem) {
  SkiffProcess process(guest_arguments("idle", "", {"--set", "io_thread.0.name=unused"}));
  ASSERT_TRUE(process.expect_out("idle"));
  EXPECT_THAT(threads(process.pid()), IsEmpty());
}

TEST_F(Devices, EachWorksOnTheThreadItNames) {
  SkiffProcess process(guest_arguments(
      "idle", "",
      {"--set", "io_thread.0.name=disks", "--set", "io_thread.1.name=unused", "--set",
       "disk.0.backend=memory", "--set", "disk.0.size=1M", "--set", "disk.0.thread=disks"}));
  ASSERT_TRUE(process.expect_out("idle"));
  EXPECT_THAT(threads(process.pid()), testing::ElementsAre("skiff/disks"));
}

TEST_F(Devices, AllMayBeThereAtOnceOnBothFaces) {
  for (const char* const face : {"virtio", "virtio-mmio"}) {
    const std::string set = face;
    const Finished run = run_with(
        {"--disk", image("a.img"), "--disk", image("b.img") + ",ro", "--set", "disk.0.face=" + set,
         "--set", "disk.1.face=" + set, "--set", "rng.face=" + set, "--set",
         "virtio_console.0.target=null", "--set", "virtio_console.0.face=" + set});
    EXPECT_EQ(run.ending, 0) << run.err;
    EXPECT_THAT(run.err, IsEmpty());
  }
}

TEST_F(Devices, AnImageInUseIsRefusedWithWhoHasIt) {
  const std::string path = image("a.img");
  SkiffProcess first(guest_arguments("idle", "", {"--disk", path}));
  ASSERT_TRUE(first.expect_out("idle"));
  const Finished second = run_with({"--disk", path});
  EXPECT_EQ(second.ending, 121);
  EXPECT_THAT(second.err, HasSubstr("in use"));
  EXPECT_THAT(second.err, HasSubstr(std::to_string(first.pid())));
  EXPECT_THAT(second.out, IsEmpty());
}

TEST_F(Devices, MistakesAreErrorsBeforeTheGuestRuns) {
  struct Case {
    std::vector<std::string> arguments;
    int status;
    const char* about;
  };
  const std::vector<Case> cases{
      {{"--disk", folder_.file("none.img")}, 120, "cannot be found"},
      {{"--disk", "/"}, 120, "is a directory"},
      {{"--set", "disk.0.path=" + image("a.img"), "--set", "disk.0.thread=x"},
       120,
       "no I/O thread"},
      {{"--set", "io_thread.0.name=x", "--set", "io_thread.0.cpus=1023", "--set", "rng.thread=x"},
       121,
       "cannot be bound to processors 1023"},
      {{"--net", "tap=lo"}, 120, "lo is not a tap"},
      {{"--net", "bridge"}, 120, "must be user or tap=NAME"},
  };
  for (const Case& each : cases) {
    const Finished run = run_with(each.arguments);
    EXPECT_EQ(run.ending, each.status) << each.about << ": " << run.err;
    EXPECT_THAT(run.err, HasSubstr(each.about));
    EXPECT_THAT(run.out, IsEmpty());
  }
}

TEST_F(Devices, ThereIsRoomForThirtyTwoOnMmioAndThirtyOneOnPci) {
  const auto disks = [](int count, const std::string& face) {
    std::vector<std::string> arguments;
    for (int i = 0; i < count; ++i) {
      for (const char* const set : {"disk.+.backend=null", "disk.-.size=1M"})
        arguments.insert(arguments.end(), {"--set", set});
      arguments.insert(arguments.end(), {"--set", "disk.-.face=" + face});
    }
    return arguments;
  };
  EXPECT_EQ(run_with(disks(32, "virtio-mmio")).ending, 0);
  EXPECT_EQ(run_with(disks(31, "virtio")).ending, 0);
  const Finished mmio = run_with(disks(33, "virtio-mmio"));
  EXPECT_EQ(mmio.ending, 120);
  EXPECT_THAT(mmio.err, HasSubstr("room for 32 virtio-mmio devices"));
  const Finished pci = run_with(disks(32, "virtio"));
  EXPECT_EQ(pci.ending, 120);
  EXPECT_THAT(pci.err, HasSubstr("32 slots"));
}

// The machine is made anew, its devices too: the lock on the image must have been let go.
TEST_F(Devices, AResetOfTheGuestStartsThemAgain) {
  SkiffProcess process(guest_arguments(
      "reset", "", {"--disk", image("a.img"), "--set", "rng.bandwidth=1K", "--no-input"}));
  const std::string line = "reset: resetting\n";
  ASSERT_TRUE(process.expect_out(line + line + line)) << process.err();
  EXPECT_THAT(process.err(), testing::Not(HasSubstr("error")));
  process.kill(SIGTERM);
  process.kill(SIGTERM);
  EXPECT_FALSE(process.wait().timed_out);
}

TEST_F(Devices, AStopWithADeviceAtWorkIsPrompt) {
  SkiffProcess process(guest_arguments(
      "virtio-blk", "ops=1000000", {"--set", "disk.0.backend=memory", "--set", "disk.0.size=8G"}));
  ASSERT_TRUE(process.expect_out("get-id")) << process.err();
  process.run_for(200ms);
  process.kill(SIGTERM);
  process.kill(SIGTERM);
  EXPECT_FALSE(process.wait(20s).timed_out);
}

}  // namespace
}  // namespace skiff::test
