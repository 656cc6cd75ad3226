// What stands in the device tree, read back by libfdt, and by dtc where it is installed.
#include <gtest/gtest.h>
#include <libfdt.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "vmm/base/bits.h"
#include "vmm/boot/aarch64/device_tree.h"

namespace skiff::arm64 {
namespace {

DeviceTreePlatform sample() {
  DeviceTreePlatform platform;
  platform.memory = {{GiB, 512 * MiB}};
  platform.mpidrs = {0, 1, 0x100};
  platform.has_pmu = true;
  platform.gic = {.is_v3 = true,
                  .distributor = {0x0800'0000, 0x1'0000},
                  .redistributors = {0x0c00'0000, 3 * 0x2'0000},
                  .cpu_interface = {0x0801'0000, 0x1'0000},
                  .its = {0x0808'0000, 0x2'0000},
                  .message_frame = {}};
  const auto device = [](const char* compatible, std::uint64_t start, std::uint32_t spi) {
    return HwDescription{.name = "DEV0",
                         .acpi_hid = {},
                         .fdt_compatible = compatible,
                         .unit = 0,
                         .ranges = {{IoSpace::mmio, {start, 0x1000}}},
                         .interrupt = HwInterrupt{.number = spi, .trigger = IrqTrigger::level}};
  };
  platform.devices = {device("arm,pl011 arm,primecell", 0x0900'0000, 1),
                      device("arm,pl031 arm,primecell", 0x0901'0000, 5),
                      device("arm,pl061 arm,primecell", 0x0902'0000, 6),
                      device("ns16550a", 0x0900'1000, 2),
                      device("virtio,mmio", 0x0a00'0000, 32),
                      device("", 0x0b80'0000, 40)};
  platform.pci = DeviceTreePci{.ecam = {0x3f00'0000, MiB},
                               .ports = {0x0b00'0000, 0x1'0000},
                               .mmio32 = {0x1000'0000, 752 * MiB},
                               .mmio64 = {2 * GiB, GiB},
                               .intx_spis = {8, 9, 10, 11, 12, 13, 14, 15}};
  platform.power_button_line = 3;
  platform.cmdline = "console=ttyAMA0";
  platform.initrd = {0x5000'0000, 12345};
  platform.kaslr_seed = 0x1122'3344'5566'7788;
  platform.rng_seed.fill(std::byte{0x5a});
  return platform;
}

class DeviceTreeTest : public testing::Test {
 protected:
  void write(const DeviceTreePlatform& platform) { tree = write_device_tree(platform); }
  int node(const char* path) { return fdt_path_offset(tree.data(), path); }
  std::string text(const char* path, const char* name) {
    int size = 0;
    const void* const value = fdt_getprop(tree.data(), node(path), name, &size);
    return value == nullptr
               ? "(none)"
               : std::string(static_cast<const char*>(value), static_cast<std::size_t>(size));
  }
  std::vector<std::uint32_t> cells(const char* path, const char* name) {
    const std::string bytes = text(path, name);
    std::vector<std::uint32_t> out;
    for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
      fdt32_t cell{};
      std::memcpy(&cell, bytes.data() + at, 4);
      out.push_back(fdt32_to_cpu(cell));
    }
    return out;
  }

  std::vector<std::byte> tree;
};

using Cells = std::vector<std::uint32_t>;
using namespace std::string_literals;

TEST_F(DeviceTreeTest, IsSoundAndItsOwnSize) {
  write(sample());
  EXPECT_EQ(fdt_check_full(tree.data(), tree.size()), 0);
  EXPECT_EQ(fdt_totalsize(tree.data()), tree.size());
}

TEST_F(DeviceTreeTest, ChosenTellsTheKernelWhatItNeeds) {
  write(sample());
  EXPECT_EQ(text("/chosen", "bootargs"), "console=ttyAMA0\0"s);
  EXPECT_EQ(text("/chosen", "stdout-path"), "/serial@9000000\0"s);
  EXPECT_EQ(cells("/chosen", "linux,initrd-start"), (Cells{0, 0x5000'0000}));
  EXPECT_EQ(cells("/chosen", "linux,initrd-end"), (Cells{0, 0x5000'3039}));
  EXPECT_EQ(cells("/chosen", "kaslr-seed"), (Cells{0x1122'3344, 0x5566'7788}));
  EXPECT_EQ(text("/chosen", "rng-seed"), std::string(64, '\x5a'));
  EXPECT_EQ(text("/aliases", "serial0"), "/serial@9000000\0"s);
}

TEST_F(DeviceTreeTest, NothingIsSaidOfWhatIsNotThere) {
  DeviceTreePlatform platform = sample();
  platform.initrd = {};
  platform.cmdline.clear();
  platform.has_pmu = false;
  platform.pci.reset();
  platform.power_button_line.reset();
  platform.gic.its = {};
  write(platform);
  EXPECT_EQ(text("/chosen", "bootargs"), "(none)");
  EXPECT_EQ(text("/chosen", "linux,initrd-start"), "(none)");
  EXPECT_LT(node("/pmu"), 0);
  EXPECT_LT(node("/gpio-keys"), 0);
  EXPECT_LT(node("/pcie@3f000000"), 0);
  EXPECT_LT(node("/interrupt-controller@8000000/msi-controller@8080000"), 0);
  EXPECT_LT(node("/device@b800000"), 0);  // without a compatible string
}

TEST_F(DeviceTreeTest, ProcessorsHaveTheirAffinityAndPsci) {
  write(sample());
  EXPECT_EQ(cells("/cpus/cpu@100", "reg"), (Cells{0, 0x100}));
  EXPECT_EQ(text("/cpus/cpu@0", "enable-method"), "psci\0"s);
  EXPECT_EQ(text("/psci", "method"), "hvc\0"s);
  EXPECT_EQ(text("/psci", "compatible"), "arm,psci-1.0\0arm,psci-0.2\0"s);
}

// Cells, phandles: /cpus/cpu@N of what the map names.
TEST_F(DeviceTreeTest, TheMapHasEachProcessorOnce) {
  DeviceTreePlatform platform = sample();
  platform.mpidrs = {0, 1, 2, 3, 4, 5, 6, 7};
  platform.topology = {.cores_per_socket = 2, .threads_per_core = 2};
  write(platform);
  const auto cpu = [this](const char* path) { return cells(path, "phandle"); };
  const auto map = [this](const char* path) { return cells(path, "cpu"); };
  EXPECT_EQ(map("/cpus/cpu-map/socket0/cluster0/core0/thread0"), cpu("/cpus/cpu@0"));
  EXPECT_EQ(map("/cpus/cpu-map/socket0/cluster0/core0/thread1"), cpu("/cpus/cpu@1"));
  EXPECT_EQ(map("/cpus/cpu-map/socket0/cluster0/core1/thread1"), cpu("/cpus/cpu@3"));
  EXPECT_EQ(map("/cpus/cpu-map/socket1/cluster0/core0/thread0"), cpu("/cpus/cpu@4"));
  EXPECT_EQ(map("/cpus/cpu-map/socket1/cluster0/core1/thread1"), cpu("/cpus/cpu@7"));
  EXPECT_LT(node("/cpus/cpu-map/socket2"), 0);
  EXPECT_LT(node("/cpus/cpu-map/socket0/cluster0/core2"), 0);
  EXPECT_LT(node("/cpus/cpu-map/socket0/cluster0/core0/thread2"), 0);
  platform.topology = {.cores_per_socket = 8, .threads_per_core = 1};
  write(platform);
  EXPECT_EQ(map("/cpus/cpu-map/socket0/cluster0/core7"), cpu("/cpus/cpu@7"));
}

TEST_F(DeviceTreeTest, GicV3WithIts) {
  write(sample());
  EXPECT_EQ(text("/interrupt-controller@8000000", "compatible"), "arm,gic-v3\0"s);
  EXPECT_EQ(cells("/interrupt-controller@8000000", "reg"),
            (Cells{0, 0x0800'0000, 0, 0x1'0000, 0, 0x0c00'0000, 0, 0x6'0000}));
  EXPECT_EQ(text("/interrupt-controller@8000000/msi-controller@8080000", "compatible"),
            "arm,gic-v3-its\0"s);
  EXPECT_EQ(cells("/pmu", "interrupts"), (Cells{1, 7, 4}));
}

// arm,gic.yaml: bits 8 to 15 of a PPI's third cell name the processors.
TEST_F(DeviceTreeTest, GicV2NamesTheProcessorsOfAPpi) {
  DeviceTreePlatform platform = sample();
  platform.gic.is_v3 = false;
  platform.gic.its = {};
  write(platform);
  EXPECT_EQ(text("/interrupt-controller@8000000", "compatible"), "arm,cortex-a15-gic\0"s);
  EXPECT_EQ(cells("/interrupt-controller@8000000", "reg"),
            (Cells{0, 0x0800'0000, 0, 0x1'0000, 0, 0x0801'0000, 0, 0x1'0000}));
  EXPECT_EQ(cells("/pmu", "interrupts"), (Cells{1, 7, 0x704}));
  EXPECT_EQ(text("/pcie@3f000000", "msi-map"), "(none)");
  EXPECT_EQ(text("/pcie@3f000000", "msi-parent"), "(none)");
  platform.gic.message_frame = {0x0802'0000, 0x1000};
  write(platform);
  const char* const frame = "/interrupt-controller@8000000/v2m@8020000";
  EXPECT_EQ(text(frame, "compatible"), "arm,gic-v2m-frame\0"s);
  EXPECT_EQ(cells("/pcie@3f000000", "msi-parent"), cells(frame, "phandle"));
}

TEST_F(DeviceTreeTest, DevicesAreThoseOfTheDescriptions) {
  write(sample());
  EXPECT_EQ(text("/serial@9000000", "compatible"), "arm,pl011\0arm,primecell\0"s);
  EXPECT_EQ(text("/serial@9000000", "clock-names"), "uartclk\0apb_pclk\0"s);
  EXPECT_EQ(cells("/serial@9000000", "interrupts"), (Cells{0, 1, 4}));
  EXPECT_EQ(cells("/rtc@9010000", "reg"), (Cells{0, 0x0901'0000, 0, 0x1000}));
  EXPECT_EQ(cells("/virtio_mmio@a000000", "interrupts"), (Cells{0, 32, 4}));
  const auto gpio = cells("/gpio@9020000", "phandle");
  EXPECT_EQ(cells("/gpio-keys/power-button", "gpios"), (Cells{gpio.at(0), 3, 0}));
  EXPECT_EQ(cells("/gpio-keys/power-button", "linux,code"), Cells{116});
}

TEST_F(DeviceTreeTest, PciMapsItsPinsAsTheBusRoutesThem) {
  write(sample());
  const char* const pcie = "/pcie@3f000000";
  EXPECT_EQ(cells(pcie, "ranges"),
            (Cells{0x0100'0000, 0, 0,           0, 0x0b00'0000, 0, 0x1'0000,     //
                   0x0200'0000, 0, 0x1000'0000, 0, 0x1000'0000, 0, 0x2f00'0000,  //
                   0x4300'0000, 0, 0x8000'0000, 0, 0x8000'0000, 0, 0x4000'0000}));
  EXPECT_EQ(cells(pcie, "bus-range"), (Cells{0, 0}));
  const auto its = cells("/interrupt-controller@8000000/msi-controller@8080000", "phandle");
  EXPECT_EQ(cells(pcie, "msi-map"), (Cells{0, its.at(0), 0, 0x1'0000}));
  EXPECT_EQ(cells(pcie, "interrupt-map-mask"), (Cells{7 << 11, 0, 0, 7}));
  const auto map = cells(pcie, "interrupt-map");
  ASSERT_EQ(map.size(), 8U * 4 * 10);
  for (std::uint32_t slot = 0; slot < 8; ++slot) {
    for (std::uint32_t pin = 0; pin < 4; ++pin) {
      const auto* const entry = &map[(slot * 4 + pin) * 10];
      EXPECT_EQ(entry[0], slot << 11);
      EXPECT_EQ(entry[3], pin + 1);
      EXPECT_EQ(entry[8], 8 + (slot + pin) % 8);
    }
  }
}

// The most processors that a GICv3 under KVM can have.
TEST_F(DeviceTreeTest, HoldsFiveHundredProcessorsAndAllDevices) {
  DeviceTreePlatform platform = sample();
  platform.mpidrs.clear();
  for (std::uint64_t index = 0; index < 512; ++index)
    platform.mpidrs.push_back(index % 16 | index / 16 << 8);
  for (std::uint64_t index = 1; index < 32; ++index) {
    platform.devices.push_back(platform.devices[4]);
    platform.devices.back().ranges[0].range.start += index * 0x1000;
  }
  platform.cmdline.assign(2047, 'x');
  write(platform);
  EXPECT_EQ(fdt_check_full(tree.data(), tree.size()), 0);
  EXPECT_GE(node("/cpus/cpu@1f0f"), 0);
  EXPECT_GE(node("/virtio_mmio@a01f000"), 0);
}

TEST_F(DeviceTreeTest, DtcHasNothingToSay) {
  if (std::system("command -v dtc >/dev/null") != 0) GTEST_SKIP() << "dtc is not installed";
  for (const bool is_v3 : {true, false}) {
    DeviceTreePlatform platform = sample();
    platform.gic.is_v3 = is_v3;
    platform.topology = {.cores_per_socket = 2, .threads_per_core = is_v3 ? 1U : 2U};
    if (!is_v3) platform.gic.its = {};
    if (!is_v3) platform.gic.message_frame = {0x0802'0000, 0x1000};
    write(platform);
    std::string path = testing::TempDir() + "skiff-dtb-XXXXXX";
    const int fd = ::mkstemp(path.data());
    ASSERT_GE(fd, 0);
    EXPECT_EQ(::write(fd, tree.data(), tree.size()), static_cast<ssize_t>(tree.size()));
    ::close(fd);
    // Everything dtc says goes to stderr; any of it would make this line fail.
    const std::string command =
        "test -z \"$(dtc -I dtb -O dts -o /dev/null '" + path + "' 2>&1 | tee /dev/stderr)\"";
    EXPECT_EQ(std::system(command.c_str()), 0);
    ::unlink(path.c_str());
  }
}

}  // namespace
}  // namespace skiff::arm64
