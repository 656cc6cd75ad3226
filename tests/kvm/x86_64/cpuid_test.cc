#include "vmm/kvm/x86_64/cpuid.h"

#include <gmock/gmock.h>
#include <set>

#include "tests/kvm/x86_64/guest.h"
#include "vmm/base/error.h"

// CPUID of the leaf in ESI, sub-leaf in EDI, to the results.
SKIFF_GUEST_CODE(run_cpuid, R"(
    mov %rbx, %rbp
    mov %esi, %eax
    mov %edi, %ecx
    cpuid
    mov %eax, (%rbp)
    mov %ebx, 4(%rbp)
    mov %ecx, 8(%rbp)
    mov %edx, 12(%rbp)
    hlt
)");

namespace skiff {
namespace {

const CpuidEntry* find(std::span<const CpuidEntry> entries, std::uint32_t leaf,
                       std::uint32_t index = 0) {
  for (const CpuidEntry& entry : entries)
    if (entry.function == leaf && entry.index == index) return &entry;
  return nullptr;
}

struct Shape {
  CpuTopologyShape shape;
  std::uint32_t core_shift;
  std::uint32_t package_shift;
};

class CpuidShapes : public testing::TestWithParam<Shape> {};
INSTANTIATE_TEST_SUITE_P(Shapes, CpuidShapes,
                         testing::Values(Shape{{1, 1, 1}, 0, 0}, Shape{{2, 4, 2}, 1, 3},
                                         Shape{{1, 3, 1}, 0, 2}, Shape{{1, 3, 2}, 0, 2},
                                         Shape{{2, 1, 1}, 1, 1}, Shape{{1, 1, 4}, 0, 0}));

TEST_P(CpuidShapes, ApicIdsAreDistinctAndNameThreadCoreAndPackage) {
  const auto& [shape, core_shift, package_shift] = GetParam();
  std::set<std::uint32_t> ids;
  std::uint32_t index = 0;
  for (std::uint32_t socket = 0; socket < shape.sockets; ++socket) {
    for (std::uint32_t core = 0; core < shape.cores_per_socket; ++core) {
      for (std::uint32_t thread = 0; thread < shape.threads_per_core; ++thread, ++index) {
        const std::uint32_t id = apic_id_of(index, shape);
        EXPECT_EQ(id, socket << package_shift | core << core_shift | thread) << index;
        ids.insert(id);
      }
    }
  }
  EXPECT_EQ(ids.size(), index);
}

// The leaves by themselves: no KVM needed.
TEST_P(CpuidShapes, LeavesTellTheShape) {
  const auto& [shape, core_shift, package_shift] = GetParam();
  const std::uint32_t per_package = shape.threads_per_core * shape.cores_per_socket;
  std::vector<CpuidEntry> entries(8);
  entries[0].function = 1;
  entries[0].ebx = 0x00ff'0800;
  entries[1].function = entries[2].function = entries[7].function = 4;
  entries[1].eax = 0xfc00'4121;  // L1 data
  entries[2].index = 3;
  entries[2].eax = 0xfc00'4163;  // L3
  entries[7].index = 4;          // no more caches
  entries[3].function = 0xb;
  entries[4].function = 0x1f;
  entries[5].function = 0x8000'0008;
  entries[6].function = 0x8000'001e;
  add_topology_leaves(entries);
  const std::uint32_t last = shape.sockets * per_package - 1;
  const std::uint32_t id = apic_id_of(last, shape);
  fill_topology(entries, shape, id);
  const auto* const leaf1 = find(entries, 1);
  EXPECT_EQ(leaf1->ebx >> 24, id);
  EXPECT_EQ(leaf1->ebx >> 16 & 0xff, 1U << package_shift);
  EXPECT_EQ(leaf1->ebx & 0xffff, 0x0800U);
  EXPECT_EQ(leaf1->edx >> 28 & 1, per_package > 1 ? 1U : 0U);
  for (const std::uint32_t leaf : {0xbU, 0x1fU}) {
    const auto* const thread = find(entries, leaf, 0);
    const auto* const core = find(entries, leaf, 1);
    const auto* const end = find(entries, leaf, 2);
    ASSERT_TRUE(thread != nullptr && core != nullptr && end != nullptr);
    EXPECT_EQ(thread->eax, core_shift);
    EXPECT_EQ(thread->ebx, shape.threads_per_core);
    EXPECT_EQ(thread->ecx, 0x100U);
    EXPECT_EQ(core->eax, package_shift);
    EXPECT_EQ(core->ebx, per_package);
    EXPECT_EQ(core->ecx, 0x201U);
    EXPECT_EQ(end->ebx, 0U);
    EXPECT_EQ(end->ecx, 2U) << "a type would mean that there is another level";
    for (const auto* const level : {thread, core, end}) {
      EXPECT_EQ(level->edx, id);
      EXPECT_TRUE(level->indexed);
    }
  }
  const auto* const l1 = find(entries, 4, 0);
  EXPECT_EQ(l1->eax >> 14 & 0xfff, (1U << core_shift) - 1);
  EXPECT_EQ(l1->eax >> 26, (1U << (package_shift - core_shift)) - 1);
  EXPECT_EQ(l1->eax & 0x3fff, 0x0121U);
  EXPECT_EQ(find(entries, 4, 3)->eax >> 14 & 0xfff, (1U << package_shift) - 1);
  EXPECT_EQ(find(entries, 4, 4)->eax, 0U);
  EXPECT_EQ(find(entries, 0x8000'0008)->ecx, (per_package - 1) | package_shift << 12);
  EXPECT_EQ(find(entries, 0x8000'001e)->eax, id);
}

class CpuidTest : public GuestTest {
 protected:
  struct Registers {
    std::uint32_t eax, ebx, ecx, edx;
  };
  Registers in_guest(KvmVcpu& cpu, std::uint32_t leaf, std::uint32_t index = 0) {
    auto state = get_vcpu_state(cpu).value();
    state.rip = kCode;
    state.rsi = leaf;
    state.rdi = index;
    state.rbx = kResults;
    set_vcpu_state(cpu, state);
    EXPECT_TRUE(std::holds_alternative<Halted>(cpu.run()));
    return result<Registers>(0);
  }
};

TEST_F(CpuidTest, GuestSeesItsTopology) {
  const CpuTopologyShape shape{2, 4, 2};
  const CpuidTemplate cpuid(*system_, shape, {});
  const std::uint32_t id = apic_id_of(11, shape);
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(run_cpuid), id);
  cpuid.apply(*cpu);
  EXPECT_EQ(in_guest(*cpu, 1).ebx >> 24, id);
  EXPECT_EQ(in_guest(*cpu, 1).ebx >> 16 & 0xff, 8U);
  if (find(cpuid.entries(), 0xb) == nullptr) GTEST_SKIP() << "this host's KVM lists no leaf 0xB";
  const Registers thread = in_guest(*cpu, 0xb, 0);
  EXPECT_EQ(thread.eax, 1U);
  EXPECT_EQ(thread.ebx, 2U);
  EXPECT_EQ(thread.edx, id);
  const Registers core = in_guest(*cpu, 0xb, 1);
  EXPECT_EQ(core.eax, 3U);
  EXPECT_EQ(core.ebx, 8U);
  EXPECT_EQ(in_guest(*cpu, 0xb, 2).ebx, 0U);
}

TEST_F(CpuidTest, GuestSeesTheHypervisorLeaves) {
  const CpuidTemplate cpuid(*system_, {}, {});
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(run_cpuid));
  cpuid.apply(*cpu);
  EXPECT_NE(in_guest(*cpu, 1).ecx >> 31, 0U);
  const Registers signature = in_guest(*cpu, 0x4000'0000);
  EXPECT_EQ(signature.ebx, 0x4b4d'564bU);  // "KVMK"
  EXPECT_EQ(signature.ecx, 0x564b'4d56U);
  EXPECT_NE(in_guest(*cpu, 0x4000'0001).eax & (1U << 3), 0U) << "kvmclock";
}

TEST_F(CpuidTest, HiddenFeatureIsGoneFromTheTableAndNothingElse) {
  constexpr std::uint32_t kCx16 = 1U << 13;
  const std::vector<std::string> hidden{"cx16"};
  const CpuidTemplate all(*system_, {}, {});
  const CpuidTemplate some(*system_, {}, hidden);
  ASSERT_EQ(all.entries().size(), some.entries().size());
  for (std::size_t i = 0; i < all.entries().size(); ++i) {
    const CpuidEntry& a = all.entries()[i];
    const CpuidEntry& b = some.entries()[i];
    EXPECT_EQ(b.eax, a.eax);
    EXPECT_EQ(b.ebx, a.ebx);
    EXPECT_EQ(b.ecx, a.function == 1 ? a.ecx & ~kCx16 : a.ecx) << a.function;
    EXPECT_EQ(b.edx, a.edx);
  }
  if ((find(all.entries(), 1)->ecx & kCx16) == 0) GTEST_SKIP() << "this host has no cx16 to hide";
}

TEST_F(CpuidTest, UnknownFeatureIsAnErrorThatNamesIt) {
  const std::vector<std::string> hidden{"cx61"};
  try {
    const CpuidTemplate cpuid(*system_, {}, hidden);
    FAIL() << "no exception";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("\"cx61\""));
  }
}

TEST(CpuidWithoutLocalApic, HidesAllThatNeedsOne) {
  SKIFF_REQUIRE_KVM();
  const KvmSystem system;
  const CpuidTemplate with(system, {}, {});
  const CpuidTemplate without(system, {}, {}, LocalApic::absent);
  constexpr std::uint32_t kApic = 1U << 9;
  constexpr std::uint32_t kX2apic = 1U << 21;
  constexpr std::uint32_t kTscDeadline = 1U << 24;
  EXPECT_NE(find(with.entries(), 1)->edx & kApic, 0U);
  EXPECT_EQ(find(without.entries(), 1)->edx & kApic, 0U);
  EXPECT_EQ(find(without.entries(), 1)->ecx & (kX2apic | kTscDeadline), 0U);
  EXPECT_EQ(find(without.entries(), 0xb), nullptr);
  const auto* const paravirtual = find(without.entries(), 0x4000'0001);
  ASSERT_NE(paravirtual, nullptr);
  // async_pf, pv_eoi, pv_unhalt, pv_tlb_flush, async_pf_vmexit, pv_send_ipi, poll_control,
  // pv_sched_yield, async_pf_int, msi_ext_dest_id
  constexpr std::uint32_t kNeedApic = 0xfed0;
  EXPECT_EQ(paravirtual->eax & kNeedApic, 0U);
  EXPECT_EQ(paravirtual->eax & 8, find(with.entries(), 0x4000'0001)->eax & 8) << "kvmclock stays";
}

// KVM puts the APIC's bit back where IA32_APIC_BASE says that there is one.
TEST_F(CpuidTest, AGuestWithoutALocalApicSeesNone) {
  constexpr std::uint32_t kApic = 1U << 9;
  const CpuidTemplate cpuid(*system_, {}, {}, LocalApic::absent);
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(run_cpuid));
  cpuid.apply(*cpu);
  disable_local_apic(*cpu);
  EXPECT_EQ(in_guest(*cpu, 1).edx & kApic, 0U);
  EXPECT_EQ(get_vcpu_state(*cpu)->apic_base & (1U << 11), 0U);
}

}  // namespace
}  // namespace skiff
