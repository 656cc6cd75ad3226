// From a configuration to devices without a place: which, in which order, on which threads.
#include "vmm/board/device_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
      out.emplace_back(each.device->name());
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
  EXPECT_NE(create().at(0).terminal, nullptr);
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

}  // namespace
}  // namespace skiff
