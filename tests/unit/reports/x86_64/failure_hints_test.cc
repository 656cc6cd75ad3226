#include "vmm/board/x86_64/failure_hints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/unit/reports/x86_64/guest_memory_model.h"
#include "vmm/board/x86_64/trap_path.h"

namespace skiff {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr Fatal kTripleFault{.kind = Fatal::Kind::triple_fault, .reason = 8};
constexpr Fatal kEmulation{.kind = Fatal::Kind::internal_error, .reason = 17, .suberror = 1};

struct FailureHintsTest : testing::Test {
  FailureHintsTest() {
    map_kernel(memory);
    state.rip = 0xffff'ffff'8000'8000;
    state.rsp = 0x9000;
    memory.put_bytes(0x8000, {0x48, 0x89, 0xe5, 0x90, 0x90, 0x90, 0x90, 0x90});
    // An IDT at 0xa000 whose #PF, #GP and #DF lead to 0x8000.
    state.idt = {.base = 0xa000, .limit = 0xfff};
    for (const std::uint64_t vector : {8U, 13U, 14U})
      memory.put64(0xa000 + vector * 16, 0x0000'8e00'0010'8000);
  }
  std::vector<std::string> hints(const Fatal& fatal) {
    return failure_hints(state, fatal, memory.reader());
  }
  std::vector<std::string> broken() { return broken_trap_path(state, memory.reader()); }

  GuestMemoryModel memory;
  VcpuState state = long_mode_state();
};

TEST_F(FailureHintsTest, CmpxchgIsHiddenByName) {
  memory.put_bytes(0x8000, {0xf0, 0x48, 0x0f, 0xc7, 0x0e});
  const auto all = hints(kEmulation);
  EXPECT_THAT(all, Contains(HasSubstr("lacks the instruction cmpxchg16b")));
  EXPECT_THAT(all, Contains(HasSubstr("skiff check")));
  EXPECT_THAT(all, Contains(HasSubstr("cpu.hide = [\"cx16\"]")));
  EXPECT_THAT(all, Contains(HasSubstr("clearcpuid=cx16")));
}

TEST_F(FailureHintsTest, KvmsBytesComeBeforeMemory) {
  memory.put_bytes(0x8000, {0xf0, 0x48, 0x0f, 0xc7, 0x0e});
  Fatal fatal = kEmulation;
  fatal.instruction_size = 3;
  fatal.instruction[0] = 0x0f;
  fatal.instruction[1] = 0x01;
  fatal.instruction[2] = 0xca;
  EXPECT_THAT(hints(fatal), Contains(HasSubstr("cpu.hide = [\"smap\"]")));
}

TEST_F(FailureHintsTest, XrstorNamesTheKernelsParameter) {
  memory.put_bytes(0x8000, {0x48, 0x0f, 0xae, 0x2f});
  EXPECT_THAT(hints(kEmulation), Contains(HasSubstr("noxsave")));
}

TEST_F(FailureHintsTest, Int3CannotBeHidden) {
  memory.put_bytes(0x8000, {0xcc});
  EXPECT_THAT(hints(kEmulation), Contains(HasSubstr("cannot be hidden")));
}

TEST_F(FailureHintsTest, AnOrdinaryInstruction) {
  EXPECT_THAT(hints(kEmulation), ElementsAre(HasSubstr("touches a device")));
}

TEST_F(FailureHintsTest, RealModeIsMentioned) {
  state = real_mode_state();
  state.rip = 0x8000;
  EXPECT_THAT(hints(kEmulation), Contains(HasSubstr("real mode")));
}

TEST_F(FailureHintsTest, RipWhereThereIsNoRam) {
  state = real_mode_state();
  state.cs.base = 0xf0000;
  state.rip = 0xfff0;
  EXPECT_THAT(hints(kEmulation),
              ElementsAre(HasSubstr("guest-physical 0xffff0, where there is no RAM")));
}

TEST_F(FailureHintsTest, JumpToNull) {
  state.rip = 0;
  EXPECT_THAT(hints(kTripleFault), Contains(HasSubstr("null pointer")));
  state.rip = 0x1000;
  EXPECT_THAT(hints(kTripleFault), Not(Contains(HasSubstr("null pointer"))));
}

TEST_F(FailureHintsTest, RipIsNotCanonicalNotMappedNotExecutable) {
  state.rip = 0x1234'5678'9abc'def0;
  EXPECT_THAT(hints(kTripleFault), Contains(HasSubstr("not a canonical address")));
  state.rip = 0x4000'0000;
  EXPECT_THAT(hints(kTripleFault), Contains(HasSubstr("RIP 0x40000000 is not mapped")));
  state.rip = 0x8000;
  memory.put64(0x4000 + 8 * 8, 0x8003 | 1ULL << 63);
  EXPECT_THAT(hints(kTripleFault), Contains(HasSubstr("no-execute")));
}

TEST_F(FailureHintsTest, EmptyMemory) {
  state.rip = 0xb000;
  EXPECT_THAT(hints(kTripleFault), Contains(HasSubstr("all zero")));
}

TEST_F(FailureHintsTest, NoIdt) {
  state.idt = {};
  EXPECT_THAT(hints(kTripleFault), Contains(HasSubstr("no IDT is loaded")));
}

TEST_F(FailureHintsTest, ResetOnPurpose) {
  state.idt = {};
  memory.put_bytes(0x8000, {0xcc});
  EXPECT_THAT(hints(kTripleFault), ElementsAre(HasSubstr("on purpose")));
}

TEST_F(FailureHintsTest, IdtNotMapped) {
  state.idt.base = 0xffff'8000'0000'0000;
  EXPECT_THAT(hints(kTripleFault), Contains(HasSubstr("IDT at 0xffff800000000000 is not mapped")));
}

TEST_F(FailureHintsTest, ASoundPathIsNotBlamed) {
  EXPECT_THAT(broken(), IsEmpty());
  EXPECT_THAT(hints(kTripleFault), ElementsAre(HasSubstr("look mapped now")));
}

TEST_F(FailureHintsTest, BrokenGates) {
  memory.put64(0xa000 + 14 * 16, 0);
  EXPECT_THAT(broken(), ElementsAre(HasSubstr("gate for #PF (vector 14) is not present")));
  memory.put64(0xa000 + 14 * 16, 0x4000'8e00'0010'8000);
  EXPECT_THAT(broken(), ElementsAre(HasSubstr("handler of #PF at 0x40008000 is not mapped")));
  state.idt.limit = 14 * 16 - 1;
  EXPECT_THAT(broken(), ElementsAre(HasSubstr("(limit 0xdf) has no entry for #PF")));
}

TEST_F(FailureHintsTest, BrokenStacks) {
  state.rsp = 0x4000'0000;
  EXPECT_THAT(broken(), ElementsAre(HasSubstr("nothing can be pushed")));
  state.rsp = 0x9000;
  memory.put64(0xa000 + 8 * 16, 0x0000'8e01'0010'8000);  // #DF on IST 1
  state.tr.base = 0xb000;
  EXPECT_THAT(broken(), ElementsAre(HasSubstr("stack of #DF (IST 1")));
  memory.put64(0xb000 + 36, 0x9000);
  EXPECT_THAT(broken(), IsEmpty());
}

TEST_F(FailureHintsTest, StackOfRingThreeIsInTheTss) {
  state.ss.dpl = 3;
  state.tr.base = 0xb000;
  EXPECT_THAT(broken(), Contains(HasSubstr("RSP0 = 0x0")));
  memory.put64(0xb004, 0x9000);
  EXPECT_THAT(broken(), IsEmpty());
  state.tr.base = 0x5000'0000;
  EXPECT_THAT(broken(), Contains(HasSubstr("task state segment at 0x50000000 is not mapped")));
}

TEST_F(FailureHintsTest, Cr2IsMentionedOnlyIfNotMapped) {
  state.cr2 = 0xdead'0000;
  EXPECT_THAT(hints(kTripleFault), Contains(HasSubstr("CR2 = 0xdead0000")));
  state.cr2 = 0x8000;
  EXPECT_THAT(hints(kTripleFault), Not(Contains(HasSubstr("CR2"))));
}

TEST_F(FailureHintsTest, AVcpuThatKvmHasReset) {
  state = real_mode_state();
  state.cs.base = 0xffff'0000;
  state.rip = 0xfff0;
  EXPECT_THAT(hints(kTripleFault), ElementsAre(HasSubstr("has reset the vCPU")));
  EXPECT_THAT(hints(kEmulation), Not(Contains(HasSubstr("has reset the vCPU"))));
}

TEST_F(FailureHintsTest, FailEntryReasons) {
  Fatal fatal{.kind = Fatal::Kind::fail_entry, .reason = 9};
  fatal.hardware_reason = 0x8000'0021;
  EXPECT_THAT(hints(fatal), Contains(HasSubstr("invalid guest state")));
  fatal.hardware_reason = 0xffff'ffff;
  EXPECT_THAT(hints(fatal), Contains(HasSubstr("VMEXIT_INVALID")));
  fatal.hardware_reason = ~0ULL;
  EXPECT_THAT(hints(fatal), Contains(HasSubstr("VMEXIT_INVALID")));
  fatal.hardware_reason = 7;
  EXPECT_THAT(hints(fatal), ElementsAre(HasSubstr("VM-instruction error 7")));
}

TEST_F(FailureHintsTest, GuestStateRules) {
  EXPECT_THAT(invalid_guest_state(state), IsEmpty());
  EXPECT_THAT(invalid_guest_state(real_mode_state()), IsEmpty());
  EXPECT_THAT(invalid_guest_state(protected_state()), IsEmpty());
  state.cs.db = true;
  state.cr4 = 0;
  state.rflags = 0;
  state.tr.type = 9;
  EXPECT_THAT(invalid_guest_state(state),
              ElementsAre("long mode without CR4.PAE", "CS has both L and D set",
                          "TR is not a busy task state segment", "bit 1 of RFLAGS is clear"));
}

TEST_F(FailureHintsTest, RunFailed) {
  Fatal fatal{.kind = Fatal::Kind::run_failed, .error_number = EFAULT};
  EXPECT_THAT(hints(fatal), Contains(HasSubstr("machine.hugepages")));
  for (const int error : {ENOMEM, EHWPOISON, EINVAL, EIO, EPERM}) {
    fatal.error_number = error;
    EXPECT_THAT(hints(fatal), Not(IsEmpty())) << error;
  }
}

TEST_F(FailureHintsTest, EveryKindHasAnAnswer) {
  Fatal fatal;
  EXPECT_THAT(hints(fatal), ElementsAre(HasSubstr("did not ask for")));
  fatal.kind = Fatal::Kind::internal_error;
  for (std::uint32_t suberror = 0; suberror < 7; ++suberror) {
    fatal.suberror = suberror;
    EXPECT_THAT(hints(fatal), Not(IsEmpty())) << suberror;
  }
}

}  // namespace
}  // namespace skiff
