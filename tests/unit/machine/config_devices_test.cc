// Sound device sections: every key arrives in the VmConfig, and what was left out has its default.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "vmm/base/error.h"
#include "vmm/machine/config_descriptors.h"
#include "vmm/machine/config_file.h"
#include "vmm/machine/console_names.h"

namespace skiff {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

VmConfig config_of(const std::string& text) {
  const ConfigPaths paths{.directory = "/vm", .check_files = false};
  auto result = read_config(text + "\n[boot]\nkernel = \"k\"\n", {}, config_facts(), paths);
  for (const auto& error : result.errors)
    ADD_FAILURE() << error.message << " in\n" << text;
  return std::move(result.config);
}

TEST(ConfigDevices, ThereAreNoneUnlessAskedFor) {
  const VmConfig config = config_of("");
  EXPECT_THAT(config.disks, IsEmpty());
  EXPECT_THAT(config.nets, IsEmpty());
  EXPECT_THAT(config.virtio_console.ports, IsEmpty());
  EXPECT_FALSE(config.rng.has_value());
  EXPECT_THAT(config.io_threads, IsEmpty());
  EXPECT_FALSE(config.boot.virtio_mmio_cmdline);
}

TEST(ConfigDevices, DescriptorsItCountsOnAreKnown) {
  EXPECT_THAT(descriptors_of(config_of("")), IsEmpty());
  VmConfig config = config_of(
      "[[disk]]\npath = \"/proc/self/fd/12\"\n[[disk]]\npath = \"/dev/fd\"\n"
      "[[net]]\nfd = 5\n[rng]\nsource = \"/dev/fd/99999999999\"\n"
      "[[serial]]\nunit = 2\npath = \"/dev/fd/-7\"\n"
      "[[virtio_console]]\npath = \"/dev/fd/8\"\n");
  config.boot.kernel = "/dev/fd/9";
  config.boot.initrd = "/dev/fd/x";
  EXPECT_THAT(descriptors_of(config), UnorderedElementsAre(9, 12, 5, 8));
}

TEST(ConfigDevices, DefaultsAreThoseOfTheDocumentation) {
  const VmConfig config = config_of("[[disk]]\npath = \"d\"\n[[net]]\n[rng]\n");
  const DiskConfig& disk = config.disks.at(0);
  EXPECT_EQ(disk.host.kind, DiskKind::file);
  EXPECT_EQ(disk.host.path, "/vm/d");
  EXPECT_FALSE(disk.host.read_only);
  EXPECT_FALSE(disk.host.direct);
  EXPECT_TRUE(disk.host.lock);
  EXPECT_TRUE(disk.host.discard);
  EXPECT_EQ(disk.host.engine, DiskEngine::automatic);
  EXPECT_EQ(disk.host.block_size, 0U);
  EXPECT_EQ(disk.serial, "");
  EXPECT_EQ(disk.queues, 1);
  EXPECT_EQ(disk.queue_size, 256);
  EXPECT_EQ(disk.operations.per_second, 0U);
  EXPECT_EQ(disk.bandwidth.per_second, 0U);
  EXPECT_EQ(disk.virtio.face, VirtioFace::pci);
  EXPECT_FALSE(disk.virtio.packed);
  EXPECT_TRUE(disk.virtio.event_idx);
  EXPECT_TRUE(disk.virtio.ioeventfd);
  EXPECT_EQ(disk.virtio.thread, "");
  const NetConfig& net = config.nets.at(0);
  EXPECT_EQ(net.host.name, "net0");
  EXPECT_EQ(net.host.type, NetType::user);
  EXPECT_EQ(net.host.backend, UserStack::automatic);
  EXPECT_THAT(net.host.forward, IsEmpty());
  EXPECT_EQ(net.host.fd, -1);
  EXPECT_TRUE(net.host.offload);
  EXPECT_EQ(net.host.mtu, 0);
  EXPECT_EQ(net.host.queues, 1);
  EXPECT_FALSE(net.mac.has_value());
  EXPECT_TRUE(net.drawn_mac.is_unicast());
  EXPECT_TRUE(net.link);
  EXPECT_EQ(config.rng.value().source, "");
}

TEST(ConfigDevices, EveryKeyOfADiskArrives) {
  const VmConfig config = config_of(R"(
[machine]
io_threads = 1
[[io_thread]]
name = "disks"
cpus = [0, 2]
[[disk]]
path = "/dev/sdz"
face = "virtio-mmio"
read_only = true
direct = true
lock = false
engine = "threads"
serial = "12345678901234567890"
queues = 4
queue_size = 1024
block_size = 4096
discard = false
iops = 1000
iops_burst = 2000
bandwidth = "10M"
bandwidth_burst = "20M"
ring = "packed"
event_idx = false
ioeventfd = false
thread = "disks"
[[disk]]
backend = "memory"
size = "64M"
prefault = true
thread = "io0"
inline = true
[[disk]]
backend = "null"
size = 512
)");
  ASSERT_EQ(config.io_threads.size(), 2U);
  EXPECT_EQ(config.io_threads[0].name, "io0");
  EXPECT_EQ(config.io_threads[1].name, "disks");
  EXPECT_THAT(config.io_threads[1].cpus, ElementsAre(0, 2));
  ASSERT_EQ(config.disks.size(), 3U);
  const DiskConfig& disk = config.disks[0];
  EXPECT_EQ(disk.host.path, "/dev/sdz");
  EXPECT_TRUE(disk.host.read_only);
  EXPECT_TRUE(disk.host.direct);
  EXPECT_FALSE(disk.host.lock);
  EXPECT_FALSE(disk.host.discard);
  EXPECT_EQ(disk.host.engine, DiskEngine::threads);
  EXPECT_EQ(disk.host.block_size, 4096U);
  EXPECT_EQ(disk.serial, "12345678901234567890");
  EXPECT_EQ(disk.queues, 4);
  EXPECT_EQ(disk.queue_size, 1024);
  EXPECT_EQ(disk.operations.per_second, 1000U);
  EXPECT_EQ(disk.operations.burst, 2000U);
  EXPECT_EQ(disk.bandwidth.per_second, 10 * MiB);
  EXPECT_EQ(disk.bandwidth.burst, 20 * MiB);
  EXPECT_EQ(disk.virtio.face, VirtioFace::mmio);
  EXPECT_TRUE(disk.virtio.packed);
  EXPECT_FALSE(disk.virtio.event_idx);
  EXPECT_FALSE(disk.virtio.ioeventfd);
  EXPECT_EQ(disk.virtio.thread, "disks");
  EXPECT_EQ(config.disks[1].host.kind, DiskKind::memory);
  EXPECT_EQ(config.disks[1].host.size, 64 * MiB);
  EXPECT_TRUE(config.disks[1].host.prefault);
  EXPECT_FALSE(config.disks[2].host.prefault);
  EXPECT_EQ(config.disks[1].virtio.thread, "io0");
  EXPECT_FALSE(disk.is_inline);
  EXPECT_TRUE(config.disks[1].is_inline);
  EXPECT_FALSE(config.disks[1].virtio.ioeventfd);
  EXPECT_TRUE(config.disks[2].virtio.ioeventfd);
  EXPECT_EQ(config.disks[2].host.kind, DiskKind::null);
  EXPECT_EQ(config.disks[2].host.size, 512U);
}

TEST(ConfigDevices, EveryKeyOfACardArrives) {
  const VmConfig config = config_of(R"(
[[net]]
type = "user"
backend = "libslirp"
forward = ["tcp:127.0.0.1:2222->22", "udp:5353->53"]
offload = false
face = "virtio-mmio"
mac = "52:54:00:AB:cd:ef"
mtu = 9000
queue_size = 512
link = false
tx_bandwidth = "1M"
tx_bandwidth_burst = "2M"
tx_packets = 3
tx_packets_burst = 4
rx_bandwidth = "5M"
rx_bandwidth_burst = "6M"
rx_packets = 7
rx_packets_burst = 8
ring = "packed"
[[net]]
tap = "tap0"
queues = 4
[[net]]
type = "tap"
fd = 7
)");
  ASSERT_EQ(config.nets.size(), 3U);
  const NetConfig& net = config.nets[0];
  EXPECT_EQ(net.host.backend, UserStack::libslirp);
  ASSERT_EQ(net.host.forward.size(), 2U);
  EXPECT_EQ(net.host.forward[0].guest_port, 22);
  EXPECT_FALSE(net.host.offload);
  EXPECT_EQ(net.virtio.face, VirtioFace::mmio);
  EXPECT_TRUE(net.virtio.packed);
  EXPECT_EQ(net.mac.value().text(), "52:54:00:ab:cd:ef");
  EXPECT_EQ(net.host.mtu, 9000);
  EXPECT_EQ(net.queue_size, 512);
  EXPECT_FALSE(net.link);
  EXPECT_EQ(net.transmit_bytes.per_second, MiB);
  EXPECT_EQ(net.transmit_bytes.burst, 2 * MiB);
  EXPECT_EQ(net.transmit_packets.per_second, 3U);
  EXPECT_EQ(net.transmit_packets.burst, 4U);
  EXPECT_EQ(net.receive_bytes.per_second, 5 * MiB);
  EXPECT_EQ(net.receive_bytes.burst, 6 * MiB);
  EXPECT_EQ(net.receive_packets.per_second, 7U);
  EXPECT_EQ(net.receive_packets.burst, 8U);
  EXPECT_EQ(config.nets[1].host.type, NetType::tap);
  EXPECT_EQ(config.nets[1].host.tap, "tap0");
  EXPECT_EQ(config.nets[1].host.name, "net1");
  EXPECT_EQ(config.nets[1].host.queues, 4);
  EXPECT_EQ(config.nets[2].host.fd, 7);
}

TEST(ConfigDevices, ACardMayBeAnE1000) {
  const VmConfig config = config_of(R"(
[[net]]
face = "e1000"
thread = "io0"
link = false
rx_packets = 7
[[net]]
face = "e1000"
mtu = 9000
[[net]]
face = "e1000"
tap = "tap0"
[machine]
io_threads = 1
)");
  ASSERT_EQ(config.nets.size(), 3U);
  EXPECT_EQ(config.nets[0].face, NetFace::e1000);
  EXPECT_EQ(config.nets[0].virtio.thread, "io0");
  EXPECT_FALSE(config.nets[0].link);
  EXPECT_EQ(config.nets[0].receive_packets.per_second, 7U);
  // User networking must not tell the guest of more than the card takes.
  EXPECT_EQ(config.nets[0].host.mtu, 1500);
  EXPECT_EQ(config.nets[1].host.mtu, 9000);
  EXPECT_EQ(config.nets[2].host.mtu, 0);
}

TEST(ConfigDevices, PortsOfTheVirtioConsole) {
  const VmConfig config = config_of(R"(
[[virtio_console]]
face = "virtio-mmio"
[[virtio_console]]
name = "org.example.log"
path = "guest.log"
[[virtio_console]]
target = "null"
console = true
)");
  const auto& ports = config.virtio_console.ports;
  EXPECT_EQ(config.virtio_console.virtio.face, VirtioFace::mmio);
  ASSERT_EQ(ports.size(), 3U);
  EXPECT_EQ(ports[0].target, SerialTarget::console);
  EXPECT_TRUE(ports[0].console);
  EXPECT_EQ(ports[1].name, "org.example.log");
  EXPECT_EQ(ports[1].target, SerialTarget::file);
  EXPECT_EQ(ports[1].path, "/vm/guest.log");
  EXPECT_FALSE(ports[1].console);
  EXPECT_EQ(ports[2].target, SerialTarget::null_sink);
  EXPECT_TRUE(ports[2].console);
}

TEST(ConfigDevices, ConsolesToAttachToMayBeMany) {
  const VmConfig config = config_of(R"(
[[serial]]
target = "socket"
[[serial]]
unit = 2
target = "socket"
[[virtio_console]]
target = "socket"
[[virtio_console]]
name = "org.example.agent"
target = "socket"
[[virtio_console]]
name = "../com1"
target = "socket"
[[virtio_console]]
name = "com2"
target = "socket"
console = true
)");
  EXPECT_EQ(config.serial.at(0).target, SerialTarget::socket);
  EXPECT_EQ(config.virtio_console.ports.at(0).target, SerialTarget::socket);
  EXPECT_THAT(console_names(config),
              ElementsAre("com1", "com2", "hvc0", "org.example.agent", "port2", "com2_"));
}

// There is one terminal.
TEST(ConfigDevices, ACom1ThatNobodyDescribesGivesWayToTheVirtioConsole) {
  EXPECT_EQ(config_of("[[virtio_console]]").serial.at(0).target, SerialTarget::null_sink);
  EXPECT_EQ(config_of("[[virtio_console]]\ntarget = \"null\"").serial.at(0).target,
            SerialTarget::console);
  const VmConfig both = config_of("[[serial]]\n[[virtio_console]]\ntarget = \"null\"");
  EXPECT_EQ(both.serial.at(0).target, SerialTarget::console);
  const VmConfig second =
      config_of("[[serial]]\nunit = 2\ntarget = \"null\"\n[[virtio_console]]\n");
  EXPECT_EQ(second.serial.at(0).target, SerialTarget::null_sink);
}

TEST(ConfigDevices, EntropySource) {
  const VmConfig config = config_of(
      "[rng]\nsource = \"/dev/hwrng\"\nbandwidth = \"64K\"\nbandwidth_burst = \"1M\"\n"
      "face = \"virtio-mmio\"\n");
  ASSERT_TRUE(config.rng.has_value());
  EXPECT_EQ(config.rng->source, "/dev/hwrng");
  EXPECT_EQ(config.rng->bandwidth.per_second, 64 * KiB);
  EXPECT_EQ(config.rng->bandwidth.burst, MiB);
  EXPECT_EQ(config.rng->virtio.face, VirtioFace::mmio);
}

// Files that are looked at before anything is started.
class ConfigDeviceFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/skiff-devices-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::ofstream(folder_ + "/k") << "kernel";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string error_of(const std::string& text) const {
    std::ofstream(folder_ + "/vm.toml") << text + "[boot]\nkernel = \"k\"\n";
    try {
      load_config(folder_ + "/vm.toml", {}, config_facts());
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  }

  std::string folder_;
};

TEST_F(ConfigDeviceFiles, ADiskMustBeThereAndHoldSomething) {
  EXPECT_THAT(error_of("[[disk]]\npath = \"root.img\"\n"),
              HasSubstr("vm.toml:2:8: error: disk.path \"root.img\" cannot be found: " + folder_ +
                        "/root.img: No such file or directory (to make an empty disk: truncate"));
  std::ofstream(folder_ + "/root.img").flush();
  EXPECT_THAT(error_of("[[disk]]\npath = \"root.img\"\n"), HasSubstr("is an empty file"));
  std::ofstream(folder_ + "/root.img") << std::string(512, 'x');
  EXPECT_EQ(error_of("[[disk]]\npath = \"root.img\"\n"), "");
  EXPECT_THAT(error_of("[[disk]]\npath = \".\"\n"),
              HasSubstr("is a directory, neither a regular file nor a block device"));
  ASSERT_EQ(::mkfifo((folder_ + "/fifo").c_str(), 0600), 0);
  EXPECT_THAT(error_of("[[disk]]\npath = \"fifo\"\n"), HasSubstr("is a FIFO"));
}

TEST_F(ConfigDeviceFiles, AnEntropySourceMustBeThere) {
  EXPECT_THAT(error_of("[rng]\nsource = \"none\"\n"),
              HasSubstr("2:10: error: rng.source \"none\" cannot be found"));
  EXPECT_EQ(error_of("[rng]\nsource = \"/dev/urandom\"\n"), "");
  EXPECT_THAT(error_of("[rng]\nsource = \".\"\n"), HasSubstr("is a directory"));
}

TEST_F(ConfigDeviceFiles, APortsFileMustBeWritable) {
  EXPECT_THAT(error_of("[[virtio_console]]\npath = \"no/log\"\n"),
              HasSubstr("virtio_console.path \"no/log\" cannot be made in " + folder_ + "/no"));
}

}  // namespace
}  // namespace skiff
