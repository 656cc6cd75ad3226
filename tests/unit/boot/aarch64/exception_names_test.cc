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

TEST(ExceptionNames, AbortsSayWhatWentWrong) {
  EXPECT_EQ(describe_exception(0x9600'0045), "data abort, a write: translation fault, level 1");
  EXPECT_EQ(describe_exception(0x9600'000f), "data abort, a read: permission fault, level 3");
  EXPECT_EQ(describe_exception(0x8600'0004), "instruction abort: translation fault, level 0");
  EXPECT_EQ(describe_exception(0x9600'0510),
            "data abort, cache maintenance: external abort, FAR_EL1 is not its address");
  EXPECT_EQ(describe_exception(0xf200'0800), "BRK #2048");
  EXPECT_EQ(describe_exception(0x5a00'0001), "HVC #1");
  EXPECT_EQ(describe_exception(0), "none, or an undefined instruction");
  EXPECT_TRUE(is_abort(0x9600'0045));
  EXPECT_FALSE(is_abort(0xf200'0800));
}

TEST(ExceptionNames, EveryStatusHasWords) {
  for (std::uint64_t status = 0; status < 0x40; ++status)
    EXPECT_FALSE(fault_status(status).empty());
  EXPECT_EQ(fault_status(0x21), "alignment fault");
  EXPECT_EQ(fault_status(0x17), "external abort on the walk, level 3");
}

}  // namespace
}  // namespace skiff::arm64
