// How a guest dies.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>

#include "tests/kvm/x86_64/guest.h"
#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/x86_64/vm_arch.h"

SKIFF_GUEST_CODE(triple_fault, R"(
    push $0
    push $0
    lidt (%rsp)
    ud2
)");
SKIFF_GUEST_CODE(wide_exchange, R"(
    mov %rbx, %rdi
    xor %eax, %eax
    xor %edx, %edx
    xor %ecx, %ecx
    lock cmpxchg16b (%rdi)
    hlt
)");

namespace skiff {
namespace {

class FatalExits : public GuestTest {};

TEST_F(FatalExits, TripleFault) {
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(triple_fault));
  const VcpuExit exit = cpu->run();
  const auto* const fatal = std::get_if<Fatal>(&exit);
  ASSERT_NE(fatal, nullptr);
  EXPECT_EQ(fatal->kind, Fatal::Kind::triple_fault);
  EXPECT_EQ(to_string(fatal->kind), "triple fault");
}

// A host that interprets ring 0 lacks cmpxchg16b; one that runs it in hardware just does it.
TEST_F(FatalExits, InstructionKvmCannotEmulateIsReportedWithItsBytes) {
  enable_emulation_failure_exits(*vm_);
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(wide_exchange));
  const VcpuExit exit = cpu->run();
  if (std::holds_alternative<Halted>(exit)) {
    GTEST_SKIP() << "this host's KVM runs cmpxchg16b; none of its instructions is known to fail";
  }
  const auto* const fatal = std::get_if<Fatal>(&exit);
  ASSERT_NE(fatal, nullptr);
  EXPECT_EQ(fatal->kind, Fatal::Kind::internal_error);
  EXPECT_EQ(fatal->suberror, static_cast<std::uint32_t>(KVM_INTERNAL_ERROR_EMULATION));
  EXPECT_EQ(internal_error_name(fatal->suberror), "emulation failure");
  constexpr std::array<std::uint8_t, 5> kInstruction{0xf0, 0x48, 0x0f, 0xc7, 0x0f};
  ASSERT_GE(fatal->instruction_size, kInstruction.size());
  EXPECT_TRUE(std::ranges::equal(kInstruction, std::span(fatal->instruction).first(5)));
  EXPECT_LE(fatal->data_count, Fatal::kMaxData);
}

TEST_F(FatalExits, RunThatFailsSaysWithWhichErrno) {
  // A vCPU whose descriptor is not one: as if the kernel refused KVM_RUN.
  auto cpu = vcpu(SKIFF_GUEST_BYTES(wide_exchange));
  ASSERT_GE(::dup2(system_->fd(), cpu->fd()), 0);
  const VcpuExit exit = cpu->run();
  const auto* const fatal = std::get_if<Fatal>(&exit);
  ASSERT_NE(fatal, nullptr);
  EXPECT_EQ(fatal->kind, Fatal::Kind::run_failed);
  EXPECT_NE(fatal->error_number, 0);
}

TEST(FatalNames, EveryKindHasOne) {
  for (const auto kind :
       {Fatal::Kind::triple_fault, Fatal::Kind::internal_error, Fatal::Kind::fail_entry,
        Fatal::Kind::unknown_exit, Fatal::Kind::run_failed}) {
    EXPECT_NE(to_string(kind), "unknown");
  }
  EXPECT_EQ(internal_error_name(99), "unknown suberror");
}

}  // namespace
}  // namespace skiff
