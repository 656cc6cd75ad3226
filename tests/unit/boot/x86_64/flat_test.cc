#include "tests/unit/boot/x86_64/x86_images.h"

namespace skiff::test {
namespace {

using ::testing::HasSubstr;
using Mode = BootRequest::Mode;

class FlatTest : public ::testing::Test {
 protected:
  FlatTest() { machine_.request.protocol = BootRequest::Protocol::flat; }
  BootState load(std::uint64_t address, Mode mode, std::uint8_t privilege = 0) {
    machine_.request.flat = {address, mode, privilege};
    return machine_.load(image_);
  }
  std::string refusal(std::uint64_t address, Mode mode, std::uint8_t privilege = 0) {
    machine_.request.flat = {address, mode, privilege};
    return machine_.refusal(image_);
  }

  TestMachine machine_;
  Bytes image_ = sample_data(600);
};

TEST_F(FlatTest, RealModeLikeABootSector) {
  const BootState state = load(0x7c00, Mode::real);
  EXPECT_EQ(state.cs.selector, 0);
  EXPECT_EQ(state.cs.base, 0U);
  EXPECT_EQ(state.cs.limit, 0xffffU);
  EXPECT_EQ(state.rip, 0x7c00U);
  EXPECT_EQ(state.ss.base, 0U);
  EXPECT_EQ(state.cr0 & 1, 0U);
  EXPECT_EQ(state.idt.base, 0U);
  EXPECT_EQ(state.idt.limit, 0x3ff);
  EXPECT_EQ(machine_.at<std::byte>(0x7c00), image_[0]);
  const Range stack = range_of(state, "stack");
  EXPECT_EQ(state.rsp, stack.start + stack.size);
  EXPECT_FALSE(stack.overlaps({0x7c00, 600}));
}

TEST_F(FlatTest, RealModeAbove64KiB) {
  const BootState state = load(0x2'1238, Mode::real);
  EXPECT_EQ(state.cs.selector, 0x2123);
  EXPECT_EQ(state.cs.base, 0x2'1230U);
  EXPECT_EQ(state.rip, 8U);
  EXPECT_EQ(state.ds.base, 0x2'1230U);
  EXPECT_EQ(state.ss.selector, 0);
}

TEST_F(FlatTest, ProtectedMode) {
  const BootState state = load(MiB, Mode::protected_mode);
  EXPECT_EQ(state.rip, MiB);
  EXPECT_TRUE(state.cs.db);
  EXPECT_EQ(state.cr0 & 0x8000'0001, 1U);
  EXPECT_NE(state.rsp, 0U);
}

TEST_F(FlatTest, LongModeBothRings) {
  const BootState ring0 = load(MiB, Mode::long_mode);
  EXPECT_EQ(ring0.efer, 0x500U);
  EXPECT_TRUE(ring0.cs.l);
  EXPECT_EQ(ring0.cs.selector, 0x10);
  const BootState ring3 = load(MiB, Mode::long_mode, 3);
  EXPECT_EQ(ring3.cs.selector, 0x43);
  EXPECT_EQ(ring3.ss.selector, 0x3b);
  EXPECT_EQ(ring3.rflags, 2U);  // the TSS gives it the ports, not IOPL
}

TEST_F(FlatTest, TablesKeepClearOfTheImage) {
  image_ = sample_data(0x8'0000);
  const BootState state = load(0x1000, Mode::long_mode, 3);
  const Range image = range_of(state, "flat image");
  for (const NamedRange& taken : state.ranges) {
    if (taken.name != "flat image") {
      EXPECT_FALSE(taken.range.overlaps(image)) << taken.name;
    }
  }
  Bytes copy(image_.size());
  machine_.memory.read(GuestAddress(0x1000), copy);
  EXPECT_EQ(copy, image_);
}

TEST_F(FlatTest, RefusesWhatCannotBe) {
  EXPECT_THAT(refusal(MiB, Mode::real), HasSubstr("below 1 MiB"));
  EXPECT_THAT(refusal(~0ULL, Mode::real), HasSubstr("below 1 MiB"));
  EXPECT_THAT(refusal(MiB, Mode::protected_mode, 3), HasSubstr("only in long mode"));
  EXPECT_THAT(refusal(0x7c00, Mode::real, 3), HasSubstr("only in long mode"));
  EXPECT_THAT(refusal(MiB, Mode::long_mode, 1), HasSubstr("0 or 3, not 1"));
  EXPECT_THAT(refusal(4 * GiB, Mode::long_mode), HasSubstr("below 4 GiB"));
  EXPECT_THAT(refusal(0, Mode::protected_mode), HasSubstr("overlaps page 0"));
  EXPECT_THAT(refusal(kRam - 599, Mode::protected_mode), HasSubstr("not (all) RAM"));
  EXPECT_THAT(refusal(0x9'fb00, Mode::real), HasSubstr("not (all) RAM"));
  EXPECT_THAT(refusal(0xf'0000, Mode::real), HasSubstr("not (all) RAM"));
  machine_.request.cmdline = "hello";
  EXPECT_THAT(refusal(MiB, Mode::protected_mode), HasSubstr("remove boot.cmdline"));
  machine_.request.cmdline = "";
  load(MiB, Mode::protected_mode);
  EXPECT_THAT(error_of<ConfigError>([&] { machine_.load(image_, Bytes(1)); }),
              HasSubstr("remove boot.initrd"));
}

TEST_F(FlatTest, RealModeStackMustFitBelow64KiB) {
  image_ = sample_data(0xf000);
  EXPECT_THAT(refusal(0x1000, Mode::real), HasSubstr("no room for stack"));
}

}  // namespace
}  // namespace skiff::test
