// machine.irqchip: the guests of guest/ on interrupt controllers that live in Skiff, and what is
// said where one cannot be had.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kvm/process/skiff_process.h"
#include "tests/kvm/require_kvm.h"

namespace skiff::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class Irqchip : public testing::Test {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }

  static std::vector<std::string> on(const std::string& irqchip,
                                     std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--set", "machine.irqchip=" + irqchip});
    return more;
  }
  static Finished run_on(const std::string& irqchip, const std::string& program,
                         const std::string& command_line = {},
                         const std::vector<std::string>& more = {}) {
    return run_skiff(guest_arguments(program, command_line, on(irqchip, more)));
  }
};

class EachIrqchip : public Irqchip, public testing::WithParamInterface<std::string> {};

TEST_P(EachIrqchip, HelloAndAnEndByItself) {
  const Finished hello = run_on(GetParam(), "hello");
  EXPECT_EQ(hello.ending, 0) << hello.err;
  EXPECT_EQ(hello.out, "hello from the guest\n");
  EXPECT_THAT(hello.err, IsEmpty());
  EXPECT_EQ(run_on(GetParam(), "poweroff").ending, 0);
}

TEST_P(EachIrqchip, AResetStartsAgain) {
  SkiffProcess process(guest_arguments("reset", "", on(GetParam(), {"--no-input"})));
  const std::string line = "reset: resetting\n";
  ASSERT_TRUE(process.expect_out(line + line + line)) << process.err();
  process.kill(SIGTERM);
  process.kill(SIGTERM);
  EXPECT_FALSE(process.wait().timed_out);
}

TEST_P(EachIrqchip, InputComesByInterrupts) {
  SkiffProcess process(guest_arguments("echo", "irq", on(GetParam())));
  ASSERT_TRUE(process.send("there and back\n\x04"));
  EXPECT_EQ(process.wait(), 0) << process.err();
  EXPECT_THAT(process.out(), HasSubstr("there and back\n"));
}

TEST_P(EachIrqchip, ADiskOnItsWire) {
  const Finished disk = run_on(GetParam(), "virtio-blk", "irq=line ops=48",
                               {"--set", "disk.0.backend=memory", "--set", "disk.0.size=16M"});
  EXPECT_EQ(disk.ending, 0) << disk.out << disk.err;
  EXPECT_THAT(disk.out, HasSubstr("ok interrupts came"));
}

// A guest that sleeps costs nothing, is seen to sleep, and is stopped at once.
TEST_P(EachIrqchip, ASleepingGuestIsStoppedAtOnce) {
  SkiffProcess process(guest_arguments("idle", "", on(GetParam())));
  ASSERT_TRUE(process.expect_out("idle"));
  process.kill(SIGTERM);
  process.kill(SIGTERM);
  EXPECT_FALSE(process.wait().timed_out);
}

INSTANTIATE_TEST_SUITE_P(Modes, EachIrqchip, testing::Values("kernel", "split", "user"),
                         [](const auto& mode) { return mode.param; });

TEST_F(Irqchip, SplitHasAllKindsOfInterrupts) {
  const Finished irq = run_on("split", "irq");
  EXPECT_EQ(irq.ending, 0) << irq.out << irq.err;
  EXPECT_THAT(irq.out, HasSubstr("irq: pit 10\nirq: local timer 10\n"));
  EXPECT_THAT(irq.out, HasSubstr("irq: serial 39 by io-apic"));
  EXPECT_THAT(run_on("split", "smp", "", {"--vcpus", "4"}).out, HasSubstr("smp: 4 of 4"));
  const Finished disk = run_on("split", "virtio-blk", "irq=msix ops=48",
                               {"--set", "disk.0.backend=memory", "--set", "disk.0.size=16M"});
  EXPECT_EQ(disk.ending, 0) << disk.out << disk.err;
}

TEST_F(Irqchip, UserHasThoseOfThe8259s) {
  const Finished irq = run_on("user", "irq", "no-local-apic");
  EXPECT_EQ(irq.ending, 0) << irq.out << irq.err;
  EXPECT_THAT(irq.out, HasSubstr("irq: pit 10\n"));
  EXPECT_THAT(irq.out, HasSubstr("irq: serial 39 by pic"));
}

// KVM knows nothing of that HLT; Skiff does. NMIs, signals and pauses go through it.
TEST_F(Irqchip, WhyKnowsThatTheGuestSleeps) {
  for (const char* const mode : {"split", "user"}) {
    const TemporaryFolder folder;
    ::setenv("XDG_RUNTIME_DIR", folder.file("").c_str(), 1);
    const std::string name = std::string("irqchip-") + mode;
    SkiffProcess process(guest_arguments("idle", "", on(mode, {"--name", name})));
    ASSERT_TRUE(process.expect_out("idle"));
    Finished why = run_skiff({"why", name});
    EXPECT_THAT(why.out, HasSubstr("idle")) << why.err;
    EXPECT_THAT(why.out, HasSubstr("PIC: no interrupt waits"));
    EXPECT_EQ(run_skiff({"pause", name}).ending, 0);
    EXPECT_THAT(run_skiff({"why", name}).out, HasSubstr("idle"));
    EXPECT_EQ(run_skiff({"resume", name}).ending, 0);
    process.kill(SIGTERM);
    process.kill(SIGTERM);
    EXPECT_FALSE(process.wait().timed_out);
  }
}

TEST_F(Irqchip, UserOffersNoMessages) {
  const Finished disk = run_on("user", "virtio-blk", "irq=msix",
                               {"--set", "disk.0.backend=memory", "--set", "disk.0.size=16M"});
  EXPECT_EQ(disk.ending, 1) << disk.err;
  EXPECT_THAT(disk.out, HasSubstr("the device refuses its vectors"));
}

TEST_F(Irqchip, UserHasOneProcessor) {
  const Finished two = run_on("user", "hello", "", {"--vcpus", "2"});
  EXPECT_EQ(two.ending, 120);
  EXPECT_THAT(two.err, HasSubstr("no second processor"));
  EXPECT_THAT(two.err, HasSubstr("\"split\""));
  EXPECT_THAT(two.out, IsEmpty());
}

TEST_F(Irqchip, WithoutAnIntervalTimer) {
  for (const char* const mode : {"split", "user"}) {
    const Finished hello = run_on(mode, "hello", "", {"--set", "machine.pit=false"});
    EXPECT_EQ(hello.ending, 0) << hello.err;
  }
}

}  // namespace
}  // namespace skiff::test
