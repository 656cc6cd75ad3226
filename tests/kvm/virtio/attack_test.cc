// The adversarial guest's whole table against every kind of device, over PCI and MMIO. After each
// attack the guest resets the device and makes a request that must be answered; from outside, the
// process may not grow, its log is bounded, and the guest's status is its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kvm/require_kvm.h"
#include "tests/kvm/virtio/virtio_machine.h"

namespace skiff::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto kAttackPatience = 240s;

class VirtioAttack : public testing::Test {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }

  // Runs it, and returns how many attacks it made.
  void attack(const VirtioMachine& machine, const std::string& words, long at_least) const {
    SkiffProcess process(
        virtio_arguments(folder_, machine, "virtio-attack", words + " quiet wait"));
    if (!process.expect_out("devices: ")) {
      const Ending ending = process.wait();
      if (has_no_user_network(ending, process.err())) GTEST_SKIP() << process.err();
      FAIL() << testing::PrintToString(ending) << process.err();
    }
    const long before = status_value(process.pid(), "VmRSS:");
    for (auto waited = 0s; waited < kAttackPatience && !process.expect_out("survived: ", 1s);
         waited += 1s) {
      const Ending early = process.wait(0ms);
      ASSERT_TRUE(early.timed_out)
          << testing::PrintToString(early) << process.out() << process.err();
    }
    const long most = status_value(process.pid(), "VmHWM:");
    // The guest's 32 MiB, its disk of 16, and 64 of our own. [KiB]
    EXPECT_LT(most, before + (32 + 16 + 64) * 1024);
    ASSERT_TRUE(process.send("\n"));
    EXPECT_EQ(process.wait(), 0) << process.out();
    EXPECT_THAT(process.out(), Not(HasSubstr("FAIL")));
    const std::size_t at = process.out().find("attacks: ");
    ASSERT_NE(at, std::string::npos);
    const long made = std::strtol(process.out().c_str() + at + 9, nullptr, 10);
    EXPECT_GE(made, at_least);
    EXPECT_THAT(process.out(), HasSubstr("attacks: " + std::to_string(made) +
                                         ", survived: " + std::to_string(made)));
    EXPECT_LT(process.err().size(), 16U * 1024) << process.err();
  }

  const TemporaryFolder folder_;
};

struct Victim {
  std::string face;
  std::string kind;
};
void PrintTo(const Victim& victim, std::ostream* stream) {
  *stream << victim.kind << " " << victim.face;
}
std::string name_of(const testing::TestParamInfo<Victim>& info) {
  return info.param.kind + (info.param.face == "virtio" ? "_pci" : "_mmio");
}

class VirtioAttackAll : public VirtioAttack, public testing::WithParamInterface<Victim> {};

// Without ioeventfds, which cost two of the kernel's grace periods each time a device is started.
TEST_P(VirtioAttackAll, SurvivesTheWholeTable) {
  attack({.face = GetParam().face, .ioeventfd = false, .devices = {GetParam().kind}}, "", 600);
}

INSTANTIATE_TEST_SUITE_P(Victims, VirtioAttackAll,
                         testing::Values(Victim{"virtio", "blk"}, Victim{"virtio", "net"},
                                         Victim{"virtio", "console"}, Victim{"virtio", "rng"},
                                         Victim{"virtio-mmio", "blk"}, Victim{"virtio-mmio", "net"},
                                         Victim{"virtio-mmio", "console"},
                                         Victim{"virtio-mmio", "rng"}),
                         name_of);

class VirtioAttackDoorbells : public VirtioAttack, public testing::WithParamInterface<Victim> {};

// What ioeventfds have a part in: they are there while a device is live and its BAR decodes.
TEST_P(VirtioAttackDoorbells, SurvivesResetsWithIoInFlight) {
  attack({.face = GetParam().face, .devices = {GetParam().kind}}, "family=reset", 7);
}
TEST_P(VirtioAttackDoorbells, SurvivesWildNotifications) {
  attack({.face = GetParam().face, .devices = {GetParam().kind}}, "family=notify", 10);
}
TEST_P(VirtioAttackDoorbells, SurvivesTwoProcessors) {
  attack({.face = GetParam().face, .devices = {GetParam().kind}}, "family=two", 11);
}

INSTANTIATE_TEST_SUITE_P(Victims, VirtioAttackDoorbells,
                         testing::Values(Victim{"virtio", "blk"}, Victim{"virtio", "net"},
                                         Victim{"virtio-mmio", "blk"},
                                         Victim{"virtio-mmio", "console"}),
                         name_of);

TEST_F(VirtioAttack, SurvivesMovingBarsWithDoorbells) {
  attack({.devices = {"blk", "rng"}}, "kind=blk family=pci", 30);
}

}  // namespace
}  // namespace skiff::test
