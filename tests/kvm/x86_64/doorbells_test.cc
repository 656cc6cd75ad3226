#include "vmm/kvm/kvm_doorbells.h"

#include <gmock/gmock.h>

#include <optional>

#include "tests/kvm/x86_64/guest.h"

SKIFF_GUEST_CODE(ring_port, R"(
    mov $5, %eax
    out %al, $0x90
    mov $6, %eax
    out %al, $0x90
    hlt
)");
SKIFF_GUEST_CODE(ring_mmio, R"(
    mov $0x10000000, %edi
    movw $3, 0x50(%rdi)
    movl $3, 0x50(%rdi)
    movl $4, 0x50(%rdi)
    hlt
)");

namespace skiff {
namespace {

class DoorbellsTest : public GuestTest {
 protected:
  void SetUp() override {
    GuestTest::SetUp();
    if (IsSkipped()) return;
    doorbells_.emplace(*vm_);
  }
  // Number of exits until the guest halts.
  static int exits_of(KvmVcpu& cpu) {
    for (int exits = 0; exits < 100; ++exits)
      if (std::holds_alternative<Halted>(cpu.run())) return exits;
    return -1;
  }
  std::optional<KvmDoorbells> doorbells_;
  EventFd event_;
};

TEST_F(DoorbellsTest, PortWithoutValueTakesEveryWrite) {
  const auto bell = doorbells_->attach({IoSpace::port, 0x90, 1, {}}, event_);
  ASSERT_TRUE(bell) << bell.error();
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(ring_port));
  EXPECT_EQ(exits_of(*cpu), 0);
  EXPECT_TRUE(event_.consume());
}

TEST_F(DoorbellsTest, PortWithValueTakesThatValueOnly) {
  const auto bell = doorbells_->attach({IoSpace::port, 0x90, 1, 6}, event_);
  ASSERT_TRUE(bell) << bell.error();
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(ring_port));
  const VcpuExit exit = cpu->run();
  ASSERT_TRUE(std::holds_alternative<PortIo>(exit));
  EXPECT_EQ(std::get<PortIo>(exit).data[0], std::byte{5});
  EXPECT_FALSE(event_.consume());
  EXPECT_TRUE(std::holds_alternative<Halted>(cpu->run()));
  EXPECT_TRUE(event_.consume());
}

TEST_F(DoorbellsTest, MmioMatchesWidthAndValue) {
  const auto bell = doorbells_->attach({IoSpace::mmio, kMmio + 0x50, 4, 3}, event_);
  ASSERT_TRUE(bell) << bell.error();
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(ring_mmio));
  EXPECT_EQ(exits_of(*cpu), 2) << "the 2-byte write, and the other value";
  EXPECT_TRUE(event_.consume());
}

TEST_F(DoorbellsTest, MmioOfAnyWidth) {
  const auto bell = doorbells_->attach({IoSpace::mmio, kMmio + 0x50, 0, {}}, event_);
  ASSERT_TRUE(bell) << bell.error();
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(ring_mmio));
  EXPECT_EQ(exits_of(*cpu), 0);
  EXPECT_TRUE(event_.consume());
}

TEST_F(DoorbellsTest, DetachesWhenDestroyedAndCanBeAttachedAgain) {
  for (const std::optional<std::uint64_t> value :
       {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(6)}) {
    const DoorbellAddress address{IoSpace::port, 0x90, 1, value};
    for (int i = 0; i < 3; ++i) {
      const auto bell = doorbells_->attach(address, event_);
      ASSERT_TRUE(bell) << bell.error();
    }
  }
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(ring_port));
  EXPECT_EQ(exits_of(*cpu), 2);
  EXPECT_FALSE(event_.consume());
}

TEST_F(DoorbellsTest, RefusalIsAnErrorThatNamesTheAddress) {
  const DoorbellAddress address{IoSpace::mmio, kMmio, 4, {}};
  const auto first = doorbells_->attach(address, event_);
  ASSERT_TRUE(first);
  const auto second = doorbells_->attach(address, event_);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), testing::HasSubstr("0x10000000: File exists"));
  EXPECT_FALSE(doorbells_->attach({IoSpace::mmio, kMmio, 3, {}}, event_)) << "no such width";
  EXPECT_FALSE(doorbells_->attach({IoSpace::mmio, ~0ULL, 8, {}}, event_)) << "wraps";
}

}  // namespace
}  // namespace skiff
