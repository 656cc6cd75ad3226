// The GICv2m frame against ARM DEN 0029, appendix E.
#include "devices/intc/gicv2m_frame.h"

#include <gtest/gtest.h>

#include <vector>

#include "devices/intc/gicv2m_regs.h"
#include "tests/fakes/register_access.h"

namespace skiff {
namespace {

class Gicv2mTest : public testing::Test {
 protected:
  std::vector<std::uint32_t> pulses;
  Gicv2mFrame frame{"gicv2m", 96, 64, [this](std::uint32_t intid) { pulses.push_back(intid); }};
};

TEST_F(Gicv2mTest, SaysWhichInterruptsItHas) {
  EXPECT_EQ(read_register(frame, gicv2m::kMsiTyper, 4), 96U << 16 | 64U);
  EXPECT_EQ(read_register(frame, gicv2m::kMsiIidr, 4), gicv2m::kIidr);
  EXPECT_EQ(read_register(frame, gicv2m::kMsiSetspiNs, 4), 0U);
}

TEST_F(Gicv2mTest, AMessageIsAnInterruptOfItsOwnOnly) {
  for (const std::uint32_t intid : {96U, 159U, 95U, 160U, 0U, ~0U})
    EXPECT_EQ(write_register(frame, gicv2m::kMsiSetspiNs, intid, 4), IoStatus::ok);
  EXPECT_EQ(pulses, (std::vector<std::uint32_t>{96, 159}));
  EXPECT_EQ(frame.guest_faults(), 4U);
}

TEST_F(Gicv2mTest, WritesElsewhereDoNothing) {
  EXPECT_EQ(write_register(frame, gicv2m::kMsiTyper, 96, 4), IoStatus::ok);
  EXPECT_EQ(write_register(frame, gicv2m::kMsiIidr, 96, 4), IoStatus::ok);
  EXPECT_TRUE(pulses.empty());
  EXPECT_EQ(read_register(frame, gicv2m::kMsiTyper, 4), 96U << 16 | 64U);
}

TEST_F(Gicv2mTest, OddAccessesAreRefused) {
  EXPECT_EQ(write_register(frame, gicv2m::kMsiSetspiNs, 96, 1), IoStatus::bad_width);
  EXPECT_EQ(write_register(frame, gicv2m::kMsiSetspiNs, 96, 8), IoStatus::bad_width);
  EXPECT_EQ(write_register(frame, gicv2m::kMsiSetspiNs + 2, 96, 4), IoStatus::misaligned);
  EXPECT_EQ(write_register(frame, 0x44, 96, 4), IoStatus::no_such_register);
  EXPECT_TRUE(pulses.empty());
  EXPECT_EQ(frame.guest_faults(), 4U);
}

}  // namespace
}  // namespace skiff
