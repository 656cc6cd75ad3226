// I/O ports by way of a window in memory.
#include "devices/pci/pci_port_window.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_io_device.h"

namespace skiff {
namespace {

class PciPortWindowTest : public testing::Test {
 protected:
  PciPortWindowTest() { EXPECT_TRUE(ports.add({0x1000, 0x40}, card)); }

  IoBus ports{"port", {0, 0x1'0000}};
  FakeIoDevice card{"card"};
  PciPortWindow window{ports};
};

TEST_F(PciPortWindowTest, AnAccessIsThePorts) {
  card.next_value = 0x1234'5678;
  std::uint64_t value = 0;
  EXPECT_EQ(window.read({0x1004, 4}, value), IoStatus::ok);
  EXPECT_EQ(value, 0x1234'5678U);
  EXPECT_EQ(window.write({0x1000, 2}, 0xabcd), IoStatus::ok);
  ASSERT_EQ(card.seen.size(), 2U);
  EXPECT_EQ(card.seen[0], (FakeIoDevice::Seen{false, 4, 4, 0}));
  EXPECT_EQ(card.seen[1], (FakeIoDevice::Seen{true, 0, 2, 0xabcd}));
}

TEST_F(PciPortWindowTest, NobodyThereIsAllOnes) {
  std::uint64_t value = 0;
  EXPECT_EQ(window.read({0x2000, 2}, value), IoStatus::ok);
  EXPECT_EQ(value & 0xffff, 0xffffU);
  EXPECT_EQ(window.write({0x2000, 2}, 1), IoStatus::ok);
  EXPECT_TRUE(card.seen.empty());
}

TEST_F(PciPortWindowTest, BusyIsPassedOn) {
  card.status = IoStatus::busy;
  std::uint64_t value = 0;
  EXPECT_EQ(window.read({0x1000, 4}, value), IoStatus::busy);
  EXPECT_EQ(window.write({0x1000, 4}, 0), IoStatus::busy);
}

TEST_F(PciPortWindowTest, NothingReachesPastTheEnd) {
  std::uint64_t value = 0;
  EXPECT_EQ(window.read({0xfffe, 4}, value), IoStatus::bad_width);
  EXPECT_EQ(window.write({0x1'0000, 1}, 0), IoStatus::bad_width);
  EXPECT_EQ(window.write({~0ULL, 8}, 0), IoStatus::bad_width);
  EXPECT_EQ(window.read({0xffff, 1}, value), IoStatus::ok);
}

}  // namespace
}  // namespace skiff
