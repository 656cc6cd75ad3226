// ACPI fixed hardware: specification 6.5, section 4.8.3; and the reset control register.
#include <gtest/gtest.h>

#include "devices/acpi/acpi_pm.h"
#include "devices/acpi/acpi_pm_regs.h"
#include "devices/acpi/reset_control.h"
#include "devices/acpi/reset_control_regs.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/register_access.h"

namespace skiff {
namespace {

using namespace acpi_pm;

class AcpiPmTest : public testing::Test {
 protected:
  std::uint64_t in16(std::uint64_t offset) { return read_register(pm, offset, 2); }
  void out16(std::uint64_t offset, unsigned value) { write_register(pm, offset, value, 2); }

  FakeIrqSink sci;
  int power_offs = 0;
  AcpiPm pm{"acpi-pm", &sci, [this] { ++power_offs; }};
};

TEST_F(AcpiPmTest, SciEnAlwaysReadsOne) {
  EXPECT_EQ(in16(kPm1Cnt), kSciEn);
  out16(kPm1Cnt, 0);
  EXPECT_EQ(in16(kPm1Cnt), kSciEn);
}

TEST_F(AcpiPmTest, PowerButtonRaisesTheSciUntilItIsCleared) {
  out16(kPm1En, kPwrbtn);
  EXPECT_EQ(in16(kPm1En), kPwrbtn);
  pm.press_power_button();
  EXPECT_TRUE(sci.level);
  EXPECT_EQ(in16(kPm1Sts), kPwrbtn);
  out16(kPm1Sts, 0xffff & ~kPwrbtn);
  EXPECT_TRUE(sci.level) << "a 0 bit clears nothing";
  out16(kPm1Sts, kPwrbtn);
  EXPECT_FALSE(sci.level);
  EXPECT_EQ(in16(kPm1Sts), 0U);
}

TEST_F(AcpiPmTest, APressBeforeItIsEnabledStaysPending) {
  pm.press_power_button();
  EXPECT_FALSE(sci.level);
  out16(kPm1En, kPwrbtn);
  EXPECT_TRUE(sci.level);
  out16(kPm1En, 0);
  EXPECT_FALSE(sci.level);
}

TEST_F(AcpiPmTest, EnableKeepsOnlyItsBits) {
  out16(kPm1En, 0xffff);
  EXPECT_EQ(in16(kPm1En), kEnableMask);
}

TEST_F(AcpiPmTest, S5PowersOff) {
  out16(kPm1Cnt, kSlpTypS5 << kSlpTypShift);
  EXPECT_EQ(power_offs, 0) << "without SLP_EN it is only a choice";
  EXPECT_EQ(in16(kPm1Cnt), (kSlpTypS5 << kSlpTypShift) | kSciEn);
  out16(kPm1Cnt, (kSlpTypS5 << kSlpTypShift) | kSlpEn);
  EXPECT_EQ(power_offs, 1);
  EXPECT_EQ(in16(kPm1Cnt) & kSlpEn, 0U) << "write-only";
}

TEST_F(AcpiPmTest, OtherSleepStatesAreNotThere) {
  for (unsigned type = 0; type < 8; ++type) {
    if (type != kSlpTypS5) out16(kPm1Cnt, (type << kSlpTypShift) | kSlpEn);
  }
  EXPECT_EQ(power_offs, 0);
  EXPECT_EQ(pm.guest_faults(), 7U);
}

TEST_F(AcpiPmTest, BytesAndDoublewordsAreLanes) {
  write_register(pm, kPm1En + 1, kPwrbtn >> 8);
  EXPECT_EQ(in16(kPm1En), kPwrbtn);
  pm.press_power_button();
  EXPECT_EQ(read_register(pm, kPm1Sts, 4), kPwrbtn | kPwrbtn << 16);
  write_register(pm, kPm1Sts + 1, kPwrbtn >> 8);
  EXPECT_EQ(read_register(pm, kPm1Sts, 4), static_cast<unsigned>(kPwrbtn) << 16);
  // The high byte alone carries both SLP_TYP and SLP_EN.
  write_register(pm, kPm1Cnt + 1, ((kSlpTypS5 << kSlpTypShift) | kSlpEn) >> 8);
  EXPECT_EQ(power_offs, 1);
}

TEST_F(AcpiPmTest, AccessesStayInTheirBlock) {
  EXPECT_EQ(read_register(pm, kPm1En, 4), 0xffff'ffff);
  EXPECT_EQ(read_register(pm, kPm1Cnt, 4), 0xffff'ffff);
  EXPECT_EQ(write_register(pm, kPm1Cnt + 1, 0, 2), IoStatus::bad_width);
  EXPECT_EQ(write_register(pm, kSize, 0, 2), IoStatus::no_such_register);
  EXPECT_EQ(pm.register_name(kPm1En, false), "PM1a_EN");
}

TEST_F(AcpiPmTest, StateRoundTripsAndResets) {
  out16(kPm1En, kPwrbtn);
  pm.press_power_button();
  FakeIrqSink other_sci;
  AcpiPm other("acpi-pm", &other_sci, nullptr);
  other.restore(pm.state());
  EXPECT_TRUE(other_sci.level);
  pm.reset();
  EXPECT_FALSE(sci.level);
  EXPECT_EQ(pm.state(), AcpiPm::State{});
}

TEST(ResetControl, RstCpuResets) {
  int resets = 0;
  ResetControl control("reset", [&] { ++resets; });
  write_register(control, 0, reset_control::kSysRst);
  EXPECT_EQ(resets, 0);
  EXPECT_EQ(read_register(control, 0), reset_control::kSysRst);
  write_register(control, 0, reset_control::kHardReset);
  EXPECT_EQ(resets, 1);
  EXPECT_EQ(read_register(control, 0), reset_control::kSysRst) << "the reset clears RST_CPU";
  write_register(control, 0, 0x0e);
  EXPECT_EQ(resets, 2);
  EXPECT_EQ(write_register(control, 0, 6, 4), IoStatus::bad_width);
  EXPECT_EQ(write_register(control, 1, 6), IoStatus::no_such_register);
  EXPECT_EQ(resets, 2);
  control.reset();
  EXPECT_EQ(control.state(), ResetControl::State{});
}

}  // namespace
}  // namespace skiff
