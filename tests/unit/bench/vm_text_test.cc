#include "vmm/bench/vm_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "vmm/machine/config_facts.h"
#include "vmm/machine/config_file.h"

namespace skiff::bench {
namespace {

namespace fs = std::filesystem;

class VmText : public testing::Test {
 protected:
  VmText() {
    std::string folder = "/tmp/vm-text-XXXXXX";
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    path = folder;
    for (const char* const program : {"bench-doorbell", "bench-disk", "bench-net", "bench-console",
                                      "vmlinuz", "initramfs", "disk \"a\".img"}) {
      std::ofstream(path / program) << std::string(4096, 'x');
    }
    places = {.guests = path.string(),
              .kernel = (path / "vmlinuz").string(),
              .initramfs = (path / "initramfs").string(),
              .image = (path / "disk \"a\".img").string(),
              .is_direct = false,
              .tap = 0};
  }
  ~VmText() override { fs::remove_all(path); }

  fs::path path;
  VmPlaces places;
};

TEST_F(VmText, EveryMachineOfTheMatrixIsAConfigurationThatSkiffTakes) {
  auto plans = plan_of(full_matrix(), bench_board(), {.level = Level::full});
  std::ranges::copy(plan_of(linux_matrix(), bench_board(), {.level = Level::full}),
                    std::back_inserter(plans));
  for (const VmPlan& plan : plans) {
    if (plan.net != nullptr) continue;  // needs a tap
    const std::string text = config_text(plan, places, guest_cmdline(plan));
    const std::string file = (path / "vm.toml").string();
    std::ofstream(file) << text;
    try {
      const VmConfig config = load_config(file, {}, config_facts());
      EXPECT_EQ(config.machine.vcpus, plan.vcpus) << text;
      EXPECT_EQ(config.disks.size(), plan.disk == nullptr ? 0U : 1U) << text;
      EXPECT_EQ(config.boot.initrd.empty(), !plan.runs_linux) << text;
    } catch (const std::exception& error) {
      ADD_FAILURE() << plan.setup << ": " << error.what() << text;
    }
  }
}

TEST_F(VmText, TheGuestIsToldWhatToMeasureAndToHold) {
  for (const VmPlan& plan : plan_of(full_matrix(), bench_board(),
                                    {.filters = {"disk/nvme,no-shadow/memory/read-4096-d*"}})) {
    EXPECT_EQ(guest_cmdline(plan),
              "hold face=nvme irq=msix no-shadow cells=read-4096-d1,read-4096-d4,read-4096-d32");
  }
}

TEST_F(VmText, ALinuxIsToldOnItsCommandLineAndReadsAcpi) {
  const auto plans =
      plan_of(linux_matrix(), bench_board(),
              {.filters = {"disk/ide,pio/memory/[rw]*-4096-d1", "net/virtio-mmio/p*64"}});
  ASSERT_EQ(plans.size(), 2U);
  EXPECT_EQ(guest_cmdline(plans[0]),
            "console=ttyS0 quiet panic=-1 skiff.do=bench hold face=ide libata.dma=0 "
            "cells=read-4096-d1,write-4096-d1");
  EXPECT_EQ(config_text(plans[1], places, "").find("virtio_mmio_cmdline"), std::string::npos)
      << "a kernel that reads both finds each device twice";
  EXPECT_NE(config_text(plans[1], places, "").find("/vmlinuz\""), std::string::npos);
}

TEST_F(VmText, WhereKvmCollectsWritesTheGuestIsToldOfTheRegister) {
  const auto plans =
      plan_of(full_matrix(), bench_board(), {.filters = {"doorbell/kernel/coalesced-mmio"}});
  ASSERT_EQ(plans.size(), 1U);
  EXPECT_EQ(skiff_guest_cmdline(plans[0], places), "hold cells=coalesced-mmio");
  EXPECT_EQ(config_text(plans[0], places, "").find("[debug]"), std::string::npos);
  places.coalesces = true;
  EXPECT_EQ(skiff_guest_cmdline(plans[0], places),
            "hold cells=coalesced-mmio coalesced=0xe0120000");
  EXPECT_NE(config_text(plans[0], places, "").find("[debug]\ncoalesced = true\n"),
            std::string::npos);
  EXPECT_EQ(guest_cmdline(plans[0]), "hold cells=coalesced-mmio") << "others have no such register";
}

}  // namespace
}  // namespace skiff::bench
