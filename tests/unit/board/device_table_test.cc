// From a configuration to devices without a place: which, in which order, on which threads.
#include "vmm/board/device_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/fakes/fake_byte_sink.h"
#include "tests/fakes/fake_clock.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DeviceTable : public testing::Test {
 protected:
  std::vector<ConfiguredDevice> create() {
    return create_configured_devices({
        .config = config_,
        .clock = clock_,
        .io_thread = [this](std::string_view name) -> Executor& {
          threads_.emplace_back(name);
          return clock_;
        },
        .console_port_sink = [this](const VirtioConsolePortConfig&) -> ByteSink& { return sink_; },
    });
  }
  static std::vector<std::string> names(const std::vector<ConfiguredDevice>& devices) {
    std::vector<std::string> out;
    for (const ConfiguredDevice& each : devices)
      out.emplace_back(each.device ? each.device->name() : each.emulated->name());
    return out;
  }
  void add_disk(const std::string& thread = {}) {
    DiskConfig disk;
    disk.host.kind = DiskKind::memory;
    disk.host.size = 1 << 20;
    disk.virtio.thread = thread;
    config_.disks.push_back(disk);
  }

  VmConfig config_;
  FakeClock clock_;
  FakeByteSink sink_;
  std::vector<std::string> threads_;
};

// A disk's face decides which device it becomes; its number counts all disks.
TEST_F(DeviceTable, ADiskMayBeAnNvmeController) {
  add_disk();
  add_disk("fast");
  config_.disks[1].face = DiskFace::nvme;
  const std::vector<ConfiguredDevice> devices = create();
  EXPECT_THAT(names(devices), ElementsAre("disk0", "disk1"));
  ASSERT_NE(devices[1].emulated, nullptr);
  EXPECT_EQ(devices[1].emulated->kind(), "disk");
  EXPECT_EQ(devices[1].emulated->face(), "nvme");
  EXPECT_NE(devices[1].controls, nullptr);
  EXPECT_THAT(threads_, ElementsAre("", "fast"));
}

// And nobody asks for a thread.
TEST_F(DeviceTable, NothingIsMadeThatNobodyAskedFor) {
  EXPECT_THAT(create(), IsEmpty());
  EXPECT_THAT(threads_, IsEmpty());
}

TEST_F(DeviceTable, OrderIsThatOfTheTableThenOfTheFile) {
  config_.rng = RngConfig{};
  config_.rng->virtio.thread = "r";
  config_.virtio_console.ports.push_back({});
  config_.virtio_console.virtio.thread = "c";
  add_disk("d");
  add_disk();
  const auto devices = create();
  EXPECT_THAT(names(devices), ElementsAre("disk0", "disk1", "console0", "rng0"));
  EXPECT_THAT(threads_, ElementsAre("d", "", "c", "r"));
  EXPECT_EQ(devices[0].device->device_id(), 2U);
  EXPECT_EQ(devices[2].device->device_id(), 3U);
  EXPECT_EQ(devices[3].device->device_id(), 4U);
}

TEST_F(DeviceTable, WhatEveryVirtioDeviceIsAskedForArrives) {
  add_disk();
  config_.disks[0].virtio.face = VirtioFace::mmio;
  config_.disks[0].virtio.packed = true;
  config_.disks[0].queues = 3;
  config_.disks[0].queue_size = 64;
  const auto devices = create();
  EXPECT_EQ(devices.at(0).virtio.face, VirtioFace::mmio);
  EXPECT_TRUE(devices.at(0).virtio.packed);
  EXPECT_THAT(devices.at(0).device->queue_sizes(), ElementsAre(64, 64, 64));
}

TEST_F(DeviceTable, ThePortOnTheConsoleIsTheTerminal) {
  VirtioConsolePortConfig file{
      .name = "log", .target = SerialTarget::null_sink, .path = {}, .console = false};
  config_.virtio_console.ports = {file};
  EXPECT_EQ(create().at(0).terminal, nullptr);
  config_.virtio_console.ports = {file, VirtioConsolePortConfig{}};
  const auto devices = create();
  EXPECT_NE(devices.at(0).terminal, nullptr);
  ASSERT_EQ(devices.at(0).character_devices.size(), 2U);
  EXPECT_EQ(devices.at(0).character_devices[1], devices.at(0).terminal);
}

TEST_F(DeviceTable, AnImageThatIsNotThereIsAnErrorOfTheConfiguration) {
  add_disk();
  config_.disks[0].host.kind = DiskKind::file;
  config_.disks[0].host.path = "/no/such/image";
  EXPECT_THROW(create(), ConfigError);
}

TEST_F(DeviceTable, ADescriptorThatIsNotOpenIsAnErrorOfTheHost) {
  NetConfig net;
  net.host.type = NetType::tap;
  net.host.fd = 1000;
  config_.nets.push_back(net);
  EXPECT_THROW(create(), HostError);
}

TEST_F(DeviceTable, ADisksLimitsChangeAndItsSizeDoesNotInMemory) {
  add_disk();
  const auto devices = create();
  DeviceControls& disk = *devices[0].controls;
  DeviceInfo info;
  disk.describe(info);
  EXPECT_EQ(info.capacity, 1U << 20);
  EXPECT_EQ(info.source, "");
  EXPECT_TRUE(disk.change({.operations = RateChange{.per_second = 5, .burst = {}}}).has_value());
  const auto resized = disk.change({.resize = true});
  ASSERT_FALSE(resized.has_value());
  EXPECT_EQ(resized.error().kind, ControlError::Kind::unsupported);
  EXPECT_EQ(resized.error().field, "resize");
  const auto link = disk.change({.link = true});
  ASSERT_FALSE(link.has_value());
  EXPECT_EQ(link.error().field, "link");
  EXPECT_EQ(link.error().message, "disk0 has no link; it has: resize, operations, bandwidth");
  const auto burst = disk.change({.bandwidth = RateChange{.per_second = {}, .burst = 5}});
  ASSERT_FALSE(burst.has_value());
  EXPECT_EQ(burst.error().kind, ControlError::Kind::bad_request);
  EXPECT_EQ(burst.error().field, "bandwidth.burst");
}

TEST_F(DeviceTable, AFilesNewSizeIsSeen) {
  std::string path = testing::TempDir() + "/device_table_disk";
  std::ofstream(path) << std::string(4096, 'x');
  DiskConfig config;
  config.host.path = path;
  config_.disks.push_back(config);
  const auto devices = create();
  std::filesystem::resize_file(path, 8192);
  DeviceInfo info;
  devices[0].controls->describe(info);
  EXPECT_EQ(info.capacity, 4096U);
  EXPECT_EQ(info.source, path);
  EXPECT_TRUE(devices[0].controls->change({.resize = true}).has_value());
  devices[0].controls->describe(info);
  EXPECT_EQ(info.capacity, 8192U);
  std::filesystem::remove(path);
}

TEST_F(DeviceTable, IdeDisksShareOneControllerWithRoomForFour) {
  add_disk();
  for (int i = 0; i < 3; ++i) {
    add_disk("d");
    config_.disks.back().face = DiskFace::ide;
  }
  const auto devices = create();
  ASSERT_EQ(devices.size(), 4U);
  EXPECT_NE(devices[0].device, nullptr);
  ASSERT_NE(devices[1].emulated, nullptr);
  EXPECT_EQ(devices[1].emulated->name(), "disk1");
  EXPECT_EQ(devices[1].emulated->face(), "ide");
  EXPECT_THAT(devices[1].emulated->fixed_irqs(), ElementsAre(14, 15));
  EXPECT_THAT(devices[1].emulated->fixed_ports(),
              ElementsAre(Range{0x1f0, 8}, Range{0x3f4, 4}, Range{0x170, 8}, Range{0x374, 4}));
  EXPECT_THAT(devices[2].emulated->fixed_irqs(), IsEmpty());
  EXPECT_EQ(devices[3].emulated->stats().name, "disk3");
  DeviceInfo info;
  devices[3].controls->describe(info);
  EXPECT_EQ(info.capacity, 1U << 20);
  const auto limited = devices[3].controls->change({.operations = RateChange{.per_second = 5}});
  ASSERT_FALSE(limited.has_value());
  EXPECT_EQ(limited.error().field, "operations");
  for (int i = 0; i < 2; ++i) {
    add_disk();
    config_.disks.back().face = DiskFace::ide;
  }
  try {
    create();
    FAIL() << "five of them";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "disk5: there is room for 4 disks with face = \"ide\"; give the others "
                 "face = \"virtio\"");
  }
}

TEST_F(DeviceTable, AnIdeDiskHasBlocksOf512Bytes) {
  add_disk();
  config_.disks[0].face = DiskFace::ide;
  config_.disks[0].host.block_size = 4096;
  EXPECT_THROW(create(), ConfigError);
  config_.disks[0].host.block_size = 512;
  EXPECT_THAT(create().at(0).emulated->fixed_irqs(), ElementsAre(14));
}

TEST_F(DeviceTable, ADiscHasAtLeastOneBlock) {
  add_disk();
  config_.disks[0].face = DiskFace::ide;
  config_.disks[0].is_cdrom = true;
  EXPECT_EQ(create().at(0).emulated->face(), "ide");
  config_.disks[0].host.size = 1536;
  try {
    create();
    FAIL() << "no whole block";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "disk0: a disc has blocks of 2048 bytes, and there are 1536 bytes; name an ISO "
                 "image in path");
  }
}

TEST(ChangedLimit, TakesWhatIsGivenAndKeepsTheRest) {
  const RateLimit before{.per_second = 10, .burst = 20};
  EXPECT_EQ(changed_limit(before, std::nullopt, "x")->burst, 20U);
  EXPECT_EQ(changed_limit(before, RateChange{.per_second = {}, .burst = 7}, "x")->per_second, 10U);
  EXPECT_EQ(changed_limit(before, RateChange{.per_second = 0, .burst = {}}, "x")->burst, 0U);
}

}  // namespace
}  // namespace skiff
