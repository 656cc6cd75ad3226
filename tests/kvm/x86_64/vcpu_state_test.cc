#include "vmm/kvm/x86_64/vcpu_state.h"

#include "tests/kvm/x86_64/guest.h"
#include "vmm/base/error.h"
#include "vmm/kvm/x86_64/cpuid.h"

SKIFF_GUEST_CODE(halt, "hlt");

namespace skiff {
namespace {

class VcpuStateTest : public GuestTest {};

void expect_same(const SegmentState& a, const SegmentState& b) {
  EXPECT_EQ(a.base, b.base);
  EXPECT_EQ(a.limit, b.limit);
  EXPECT_EQ(a.selector, b.selector);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.dpl, b.dpl);
  EXPECT_EQ(a.present, b.present);
  EXPECT_EQ(a.s, b.s);
  EXPECT_EQ(a.l, b.l);
  EXPECT_EQ(a.db, b.db);
  EXPECT_EQ(a.g, b.g);
}

TEST_F(VcpuStateTest, WhatIsSetIsWhatIsRead) {
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(halt));
  auto state = get_vcpu_state(*cpu).value();
  std::uint64_t value = 0x1111;
  for (std::uint64_t* const one :
       {&state.rax, &state.rbx, &state.rcx, &state.rdx, &state.rsi, &state.rdi, &state.rsp,
        &state.rbp, &state.r8, &state.r9, &state.r10, &state.r11, &state.r12, &state.r13,
        &state.r14, &state.r15}) {
    *one = value++;
  }
  state.rip = 0x1'2345;
  state.rflags = 0x46;
  state.fs.base = 0x1234'5000;
  state.cr2 = 0xdead'b000;
  set_vcpu_state(*cpu, state);
  const auto read = get_vcpu_state(*cpu).value();
  EXPECT_EQ(read.rax, 0x1111U);
  EXPECT_EQ(read.rbx, 0x1112U);
  EXPECT_EQ(read.rcx, 0x1113U);
  EXPECT_EQ(read.rdx, 0x1114U);
  EXPECT_EQ(read.rsi, 0x1115U);
  EXPECT_EQ(read.rdi, 0x1116U);
  EXPECT_EQ(read.rsp, 0x1117U);
  EXPECT_EQ(read.rbp, 0x1118U);
  EXPECT_EQ(read.r8, 0x1119U);
  EXPECT_EQ(read.r15, 0x1120U);
  EXPECT_EQ(read.rip, 0x1'2345U);
  EXPECT_EQ(read.rflags, 0x46U);
  EXPECT_EQ(read.cr0, state.cr0);
  EXPECT_EQ(read.cr2, state.cr2);
  EXPECT_EQ(read.cr3, state.cr3);
  EXPECT_EQ(read.cr4, state.cr4);
  EXPECT_EQ(read.efer, state.efer);
  EXPECT_EQ(read.gdt.base, state.gdt.base);
  EXPECT_EQ(read.gdt.limit, state.gdt.limit);
  EXPECT_EQ(read.idt.base, state.idt.base);
  expect_same(read.cs, state.cs);
  expect_same(read.ds, state.ds);
  expect_same(read.fs, state.fs);
  expect_same(read.ss, state.ss);
  expect_same(read.tr, state.tr);
}

TEST_F(VcpuStateTest, StateKvmRefusesIsAnError) {
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(halt));
  auto state = get_vcpu_state(*cpu).value();
  state.cr0 &= ~1ULL;  // paging without protection
  EXPECT_THROW(set_vcpu_state(*cpu, state), HostError);
}

TEST_F(VcpuStateTest, BootMsrsAreTaken) {
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(halt));
  const CpuidTemplate cpuid(*system_, {}, {});
  cpuid.apply(*cpu);
  EXPECT_NO_THROW(set_boot_msrs(*cpu));
}

}  // namespace
}  // namespace skiff
