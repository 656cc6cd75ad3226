#include "vmm/bench/vm_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "vmm/bench/monitors.h"
#include "vmm/machine/config_facts.h"
#include "vmm/machine/config_file.h"

namespace skiff::bench {
namespace {

using testing::Contains;
using testing::HasSubstr;
namespace fs = std::filesystem;

class VmText : public testing::Test {
 protected:
  VmText() {
    std::string folder = "/tmp/vm-text-XXXXXX";
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    path = folder;
    for (const char* const program :
         {"bench-doorbell", "bench-disk", "bench-net", "bench-console", "disk \"a\".img"}) {
      std::ofstream(path / program) << std::string(4096, 'x');
    }
    places = {.guests = path.string(),
              .image = (path / "disk \"a\".img").string(),
              .is_direct = false,
              .tap = 0};
  }
  ~VmText() override { fs::remove_all(path); }

  fs::path path;
  VmPlaces places;
};

TEST_F(VmText, EveryMachineOfTheMatrixIsAConfigurationThatSkiffTakes) {
  for (const VmPlan& plan : plan_of(full_matrix(), {.level = Level::full})) {
    if (plan.net != nullptr) continue;  // needs a tap
    const std::string text = config_text(plan, places, guest_cmdline(plan));
    const std::string file = (path / "vm.toml").string();
    std::ofstream(file) << text;
    try {
      const VmConfig config = load_config(file, {}, config_facts());
      EXPECT_EQ(config.machine.vcpus, plan.vcpus) << text;
      EXPECT_EQ(config.disks.size(), plan.disk == nullptr ? 0U : 1U) << text;
    } catch (const std::exception& error) {
      ADD_FAILURE() << plan.setup << ": " << error.what() << text;
    }
  }
}

TEST_F(VmText, TheGuestIsToldWhatToMeasureAndToHold) {
  for (const VmPlan& plan :
       plan_of(full_matrix(), {.filters = {"disk/nvme,no-shadow/memory/read-4096-d*"}})) {
    EXPECT_EQ(guest_cmdline(plan),
              "hold face=nvme irq=msix no-shadow cells=read-4096-d1,read-4096-d4,read-4096-d32");
  }
}

TEST_F(VmText, QemuGetsTheSameMachine) {
  const auto arguments_of = [this](const char* filter) {
    const auto plans = plan_of(full_matrix(), {.filters = {filter}});
    const auto launch = qemu_launch(plans.at(0), places, "qemu", "hold");
    return launch ? launch->arguments : std::vector<std::string>();
  };
  const auto virtio = arguments_of("disk/virtio-pci,packed,no-event-idx/file/read-4096-d1");
  EXPECT_THAT(virtio, Contains("virtio-blk-pci,disable-legacy=on,drive=disk,iothread=io,packed=on,"
                               "event_idx=off"));
  EXPECT_THAT(virtio, Contains("q35,accel=kvm"));
  EXPECT_THAT(virtio, Contains(HasSubstr("file.aio=io_uring")));
  EXPECT_THAT(arguments_of("disk/ide,pio/memory/read-4096-d1"), Contains("pc,accel=kvm"));
  EXPECT_THAT(arguments_of("disk/virtio-mmio/null/read-4096-d1"), Contains(HasSubstr("null-co")));
  EXPECT_TRUE(arguments_of("disk/virtio-mmio,no-ioeventfd/null/read-4096-d1").empty());
}

}  // namespace
}  // namespace skiff::bench
