// PSTATE and ESR in words: ARM DDI 0487.
#include "vmm/board/aarch64/exception_names.h"

#include <gtest/gtest.h>

namespace skiff::arm64 {
namespace {

TEST(ExceptionNames, PstateSaysLevelAndMasks) {
  EXPECT_EQ(pstate_text(0x3c5), "EL1, D A I F masked");
  EXPECT_EQ(pstate_text(0x80), "EL0, I masked");
  EXPECT_EQ(pstate_text(0x5), "EL1, nothing masked");
  EXPECT_EQ(pstate_text(0x10), "AArch32, nothing masked");
}

TEST(ExceptionNames, ClassesAreTheTopBits) {
  EXPECT_EQ(exception_class(0x9600'0045), "data abort");
  EXPECT_EQ(exception_class(0xf200'0800), "BRK");
  EXPECT_EQ(exception_class(0), "none, or an undefined instruction");
  EXPECT_EQ(exception_class(~0ULL), "another class");
}

}  // namespace
}  // namespace skiff::arm64
