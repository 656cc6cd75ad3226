// describe_failure on vCPUs that really failed: a guest of a few bytes in 64-bit mode, ring 0.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "tests/kvm/require_kvm.h"
#include "tests/unit/reports/x86_64/guest_memory_model.h"
#include "vmm/base/bits.h"
#include "vmm/board/cpu_report.h"
#include "vmm/kvm/kvm_vm.h"

namespace skiff {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kCode = 0x8000;

class FailingGuest : public testing::Test {
 protected:
  void SetUp() override {
    SKIFF_REQUIRE_KVM();
    system_ = std::make_unique<KvmSystem>();
    vm_ = std::make_unique<KvmVm>(*system_, memory_);
    vm_->map_memory();
    vcpu_ = vm_->create_vcpu(0);
    // The tables of map_kernel: the first 128 KiB at 0 and at 0xffffffff80000000.
    for (const std::uint64_t table : {0x1000U, 0x1ff8U})
      put64(table, 0x2003);
    for (const std::uint64_t table : {0x2000U, 0x2ff0U})
      put64(table, 0x3003);
    put64(0x3000, 0x4003);
    for (std::uint64_t page = 0; page < 32; ++page)
      put64(0x4000 + 8 * page, page << 12 | 0x3);
  }

  void put64(std::uint64_t address, std::uint64_t value) {
    ASSERT_TRUE(memory_.store(GuestAddress(address), value));
  }

  // Runs the bytes until the vCPU fails; what is said then. Empty if it does not fail.
  template <std::size_t N>
  std::string run(const std::array<std::uint8_t, N>& code) {
    EXPECT_TRUE(memory_.write(GuestAddress(kCode), std::as_bytes(std::span(code))));
    VcpuState state = long_mode_state();
    state.rip = 0xffff'ffff'8000'0000 + kCode;
    state.rsp = 0x9000;
    state.rsi = 0xa000;
    set_vcpu_state(*vcpu_, state);
    for (int entries = 0; entries < 100; ++entries) {
      const VcpuExit exit = vcpu_->run();
      if (const auto* const fatal = std::get_if<Fatal>(&exit)) {
        return describe_failure(*vcpu_, memory_, *fatal, {});
      }
      if (!std::holds_alternative<Interrupted>(exit)) return "";
    }
    return "";
  }

  const Range ranges_[1] = {Range{0, 2 * MiB}};
  GuestMemory memory_{ranges_, GuestMemoryOptions{}};
  std::unique_ptr<KvmSystem> system_;
  std::unique_ptr<KvmVm> vm_;
  std::unique_ptr<KvmVcpu> vcpu_;
};

TEST_F(FailingGuest, TripleFaultWithoutAnIdt) {
  // mov al, [0x40000000]: a page fault that finds no IDT.
  const std::string report =
      run(std::array<std::uint8_t, 8>{0x8a, 0x04, 0x25, 0x00, 0x00, 0x00, 0x40, 0xf4});
  if (report.find("has reset the vCPU") != std::string::npos) {
    GTEST_SKIP() << "this host's processor does not keep the state of a triple fault";
  }
  EXPECT_THAT(report, HasSubstr("triple fault at 0xffffffff80008000"));
  EXPECT_THAT(report, HasSubstr("no IDT is loaded"));
  EXPECT_THAT(report, HasSubstr("the last page fault was at CR2 = 0x40000000"));
  EXPECT_THAT(report, HasSubstr("Page walk of CR2 0x40000000"));
  EXPECT_THAT(report, HasSubstr("Code: "));
  EXPECT_THAT(report, HasSubstr("<8a> 04 25 00 00 00 40 f4"));
}

TEST_F(FailingGuest, WhatKvmCannotEmulate) {
  // lock cmpxchg16b [rsi]; hlt
  const std::string report = run(std::array<std::uint8_t, 6>{0xf0, 0x48, 0x0f, 0xc7, 0x0e, 0xf4});
  if (report.empty()) GTEST_SKIP() << "this host's KVM executes cmpxchg16b in ring 0, as it should";
  EXPECT_THAT(report, HasSubstr("emulation failure"));
  EXPECT_THAT(report, HasSubstr("lacks the instruction cmpxchg16b"));
  EXPECT_THAT(report, HasSubstr("cpu.hide = [\"cx16\"]"));
}

}  // namespace
}  // namespace skiff
