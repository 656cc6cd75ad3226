// The PL061 against its manual, ARM DDI 0190.
#include <gtest/gtest.h>

#include "devices/gpio/pl061.h"
#include "devices/gpio/pl061_regs.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/register_access.h"

namespace skiff {
namespace {

class Pl061Test : public testing::Test {
 protected:
  std::uint32_t in(std::uint64_t offset) {
    return static_cast<std::uint32_t>(read_register(gpio, offset, 4));
  }
  void out(std::uint64_t offset, std::uint32_t value) {
    EXPECT_EQ(write_register(gpio, offset, value, 4), IoStatus::ok);
  }

  FakeIrqSink irq;
  Pl061 gpio{"gpio", &irq};
};

// 3.3.1: bits 9 to 2 of the address are the mask.
TEST_F(Pl061Test, TheAddressMasksTheData) {
  out(pl061::kDir, 0xff);
  out(0x3fc, 0xa5);
  EXPECT_EQ(in(0x3fc), 0xa5U);
  EXPECT_EQ(in(0x0f << 2), 0x05U);
  out(0x0f << 2, 0xff);
  EXPECT_EQ(in(0x3fc), 0xafU);
  EXPECT_EQ(in(0x000), 0U);
}

TEST_F(Pl061Test, InputsAreNotWritten) {
  gpio.set_input(3, true);
  out(0x3fc, 0);
  EXPECT_EQ(in(0x3fc), 0x08U);
  EXPECT_EQ(in(0x08 << 2), 0x08U);
}

TEST_F(Pl061Test, APressedButtonInterruptsOnBothEdges) {
  out(pl061::kIbe, 0x08);
  out(pl061::kIe, 0x08);
  gpio.set_input(3, true);
  EXPECT_TRUE(irq.level);
  EXPECT_EQ(in(pl061::kMis), 0x08U);
  out(pl061::kIc, 0x08);
  EXPECT_FALSE(irq.level);
  gpio.set_input(3, true);  // no edge
  EXPECT_FALSE(irq.level);
  gpio.set_input(3, false);
  EXPECT_TRUE(irq.level);
}

TEST_F(Pl061Test, OneEdgeIsChosenByIev) {
  out(pl061::kIev, 0x01);
  gpio.set_input(0, true);
  gpio.set_input(1, true);
  EXPECT_EQ(in(pl061::kRis), 0x01U);
  gpio.set_input(1, false);
  EXPECT_EQ(in(pl061::kRis), 0x03U);
  EXPECT_EQ(in(pl061::kMis), 0U);
  EXPECT_FALSE(irq.level);
}

TEST_F(Pl061Test, ALevelCannotBeCleared) {
  out(pl061::kIs, 0x01);
  out(pl061::kIev, 0x01);
  out(pl061::kIe, 0x01);
  EXPECT_FALSE(irq.level);
  gpio.set_input(0, true);
  out(pl061::kIc, 0x01);
  EXPECT_TRUE(irq.level);
  gpio.set_input(0, false);
  EXPECT_FALSE(irq.level);
}

TEST_F(Pl061Test, IdentifiesItself) {
  const std::uint32_t expected[] = {0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
  for (unsigned index = 0; index < 8; ++index)
    EXPECT_EQ(in(0xfe0 + 4 * index), expected[index]) << index;
}

TEST_F(Pl061Test, MalformedAccessesAreRefusedAndCounted) {
  EXPECT_EQ(write_register(gpio, pl061::kDir, 1, 8), IoStatus::bad_width);
  EXPECT_EQ(write_register(gpio, pl061::kDir + 1, 1, 1), IoStatus::misaligned);
  EXPECT_EQ(write_register(gpio, 0x424, 1, 4), IoStatus::no_such_register);
  EXPECT_EQ(write_register(gpio, 0x1000, 1, 4), IoStatus::no_such_register);
  EXPECT_EQ(gpio.guest_faults(), 4U);
  EXPECT_EQ(gpio.state(), Pl061::State{});
}

}  // namespace
}  // namespace skiff
