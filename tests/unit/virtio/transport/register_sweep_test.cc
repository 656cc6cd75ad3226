// Every width at every offset of both register files, in three states of the device: nothing
// crashes, a refusal touches nothing, and only what may change does.
#include <gtest/gtest.h>

#include <map>
#include <tuple>
#include <utility>

#include "tests/unit/virtio/transport/transport_fixture.h"
#include "vmm/base/log.h"

namespace skiff::transport_test {
namespace {

constexpr std::uint64_t kPattern = 0x5a5a'5a5a'5a5a'5a5a;

class Sweep : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { log_setup(LogLevel::off, ""); }
  static void TearDownTestSuite() { log_setup(LogLevel::warning, ""); }
};

// What reading changes is left out: the ISR of PCI.
using Snapshot = std::map<std::pair<std::uint64_t, unsigned>, std::uint64_t>;

Snapshot snapshot(IoDevice& device, std::uint64_t end, std::uint64_t skip) {
  Snapshot seen;
  for (std::uint64_t offset = 0; offset < end; ++offset) {
    for (const std::uint8_t width : pci_test::kWidths) {
      if (offset == skip) continue;
      std::uint64_t value = kPattern;
      const IoStatus status = device.read({offset, width}, value);
      if (status == IoStatus::ok) {
        EXPECT_EQ(value & ~all_ones(width), 0U) << offset << "/" << unsigned{width};
        seen[{offset, width}] = value;
      } else {
        EXPECT_EQ(value, kPattern) << offset << "/" << unsigned{width};
      }
    }
  }
  return seen;
}

// Offsets whose value differs, each once.
std::vector<std::uint64_t> changes(const Snapshot& before, const Snapshot& after) {
  std::vector<std::uint64_t> changed;
  for (const auto& [where, value] : after) {
    if (before.at(where) == value) continue;
    if (changed.empty() || changed.back() != where.first) changed.push_back(where.first);
  }
  return changed;
}

// Writes one value everywhere but to the device configuration [config, config + size), and answers
// what has changed.
std::vector<std::uint64_t> sweep(IoDevice& device, std::uint64_t end, Range config,
                                 std::uint64_t value, std::uint64_t skip = ~0ULL) {
  const Snapshot before = snapshot(device, end, skip);
  for (std::uint64_t offset = 0; offset < end; ++offset) {
    for (const std::uint8_t width : pci_test::kWidths) {
      if (!config.contains(offset)) device.write({offset, width}, value & all_ones(width));
    }
  }
  const Snapshot after = snapshot(device, end, skip);
  EXPECT_EQ(before.size(), after.size());
  return changes(before, after);
}

constexpr std::uint64_t kMmioEnd = 0x300;
constexpr Range kMmioConfig{0x100, 0x100};
constexpr std::uint64_t kPciEnd = 0x3400;
constexpr Range kPciConfig{0x2000, 0x1000};

using Offsets = std::vector<std::uint64_t>;

TEST_F(Sweep, MmioBeforeTheDriver) {
  MmioDriver driver;
  // All ones: the selectors move out of range, so that what they select reads as zero.
  EXPECT_EQ(sweep(*driver.transport, kMmioEnd, kMmioConfig, ~0ULL), (Offsets{0x010, 0x034}));
  EXPECT_EQ(driver.device.activations(), 0);
  driver.set_status(0);
  driver.start();
  EXPECT_TRUE(driver.echo_works());
}

TEST_F(Sweep, MmioWhileActive) {
  MmioDriver driver;
  driver.start();
  EXPECT_EQ(sweep(*driver.transport, kMmioEnd, kMmioConfig, 0x8000'0070),
            (Offsets{0x010, 0x034, 0x044}));
  EXPECT_EQ(driver.status(), kRunning);
  driver.select(0);
  EXPECT_EQ(driver.get(TransportRegister::queue_enable), 1U);
  EXPECT_TRUE(driver.echo_works());
  EXPECT_EQ(driver.device.activations(), 1);
}

TEST_F(Sweep, MmioZeroesReset) {
  MmioDriver driver;
  driver.start();
  sweep(*driver.transport, kMmioEnd, kMmioConfig, 0);
  EXPECT_EQ(driver.status(), 0);
  EXPECT_EQ(driver.device.resets(), 1);
  driver.start();
  EXPECT_TRUE(driver.echo_works());
}

TEST_F(Sweep, PciBeforeTheDriver) {
  PciDriver driver;
  IoDevice& bar = *driver.transport->bar(0)->device;
  // Selectors, what they select, and that the vectors stay NO_VECTOR.
  EXPECT_EQ(sweep(bar, kPciEnd, kPciConfig, ~0ULL, virtio_pci::kIsr),
            (Offsets{0x00, 0x04, 0x08, 0x16, 0x18}));
  EXPECT_EQ(driver.device.activations(), 0);
  driver.set_status(0);
  driver.start();
  EXPECT_TRUE(driver.echo_works());
}

TEST_F(Sweep, PciWhileActive) {
  PciDriver driver;
  driver.start();
  IoDevice& bar = *driver.transport->bar(0)->device;
  driver.write(virtio_pci::kDeviceFeatureSelect, 0, 4);
  driver.select(0);
  // 0x70: no legal status, no vector; selectors out of range, and zero for what they select.
  EXPECT_EQ(sweep(bar, kPciEnd, kPciConfig, 0x7070'7070'7070'7070, virtio_pci::kIsr),
            (Offsets{0x00, 0x04, 0x08, 0x0c, 0x16, 0x18, 0x1c, 0x20, 0x28, 0x30}));
  EXPECT_EQ(driver.status(), kRunning);
  driver.select(0);
  EXPECT_EQ(driver.get(TransportRegister::queue_enable), 1U);
  EXPECT_TRUE(driver.echo_works());
  EXPECT_EQ(driver.device.activations(), 1);
}

TEST_F(Sweep, PciZeroesReset) {
  PciDriver driver;
  driver.start();
  sweep(*driver.transport->bar(0)->device, kPciEnd, kPciConfig, 0, virtio_pci::kIsr);
  EXPECT_EQ(driver.status(), 0);
  EXPECT_EQ(driver.device.resets(), 1);
  driver.start();
  EXPECT_TRUE(driver.echo_works());
}

TEST_F(Sweep, ConfigurationSpaceChangesOnlyWhereWritten) {
  PciDriver driver;
  IoDevice& bar = *driver.transport->bar(0)->device;
  for (std::uint64_t offset = 0; offset < 0x1000; ++offset) {
    for (const std::uint8_t width : pci_test::kWidths) {
      std::uint64_t before = 0;
      const IoStatus status = bar.read({0x2000 + offset, width}, before);
      ASSERT_EQ(status == IoStatus::ok, offset + width <= 0x1000) << offset;
      if (status != IoStatus::ok) continue;
      bar.write({0x2000 + offset, width}, ~before);
      std::uint64_t after = 0;
      bar.read({0x2000 + offset, width}, after);
      const std::uint64_t inside =
          offset < FakeVirtioDevice::kConfigSize
              ? std::min<std::uint64_t>(FakeVirtioDevice::kConfigSize - offset, width)
              : 0;
      const std::uint64_t mask = inside == 0 ? 0 : all_ones(static_cast<unsigned>(inside));
      ASSERT_EQ(after, (~before & mask) | (before & ~mask)) << offset << "/" << unsigned{width};
    }
  }
}

TEST_F(Sweep, AddressesFarOutsideAreRefused) {
  MmioDriver mmio;
  PciDriver pci;
  for (IoDevice* const device :
       {static_cast<IoDevice*>(&*mmio.transport), pci.transport->bar(0)->device}) {
    for (const std::uint64_t offset : {0x4000ULL, 1ULL << 32, 1ULL << 63, ~0ULL - 7, ~0ULL}) {
      for (unsigned width = 0; width < 256; ++width) {
        std::uint64_t value = kPattern;
        const IoAccess access{offset, static_cast<std::uint8_t>(width)};
        EXPECT_NE(device->read(access, value), IoStatus::ok);
        EXPECT_EQ(value, kPattern);
        EXPECT_NE(device->write(access, value), IoStatus::ok);
      }
    }
  }
}

}  // namespace
}  // namespace skiff::transport_test
