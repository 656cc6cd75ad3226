#include "vmm/board/x86_64/failure_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "tests/unit/reports/x86_64/guest_memory_model.h"
#include "vmm/board/fatal_headline.h"
#include "vmm/board/x86_64/cpu_mode.h"
#include "vmm/board/x86_64/register_bits.h"

namespace skiff {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Fatal kTripleFault{.kind = Fatal::Kind::triple_fault, .reason = 8};
constexpr Fatal kEmulation{.kind = Fatal::Kind::internal_error, .reason = 17, .suberror = 1};

TEST(FailureReport, GoldenEmulationFailure) {
  GuestMemoryModel memory;
  map_kernel(memory);
  memory.put_bytes(0x7ffe, {0x90, 0x90, 0xf0, 0x48, 0x0f, 0xc7, 0x0e, 0x74, 0x02});
  memory.put64(0x9000, 0xffff'ffff'8000'8010);
  VcpuState state = long_mode_state();
  state.rip = 0xffff'ffff'8000'8000;
  state.rsp = 0x9000;
  state.rax = 0x1234;
  state.gdt = {.base = 0xc000, .limit = 0x7f};
  const SymbolLookup symbols = [](std::uint64_t address) -> std::optional<std::string> {
    if (address == 0xffff'ffff'8000'8000) return "slub_cmpxchg";
    if (address == 0xffff'ffff'8000'8010) return "slub_cmpxchg+0x10";
    return std::nullopt;
  };
  EXPECT_EQ(
      failure_report(3, state, kEmulation, memory.reader(), symbols),
      R"GOLDEN(vCPU 3: KVM internal error: emulation failure (suberror 1) of cmpxchg16b at 0xffffffff80008000 (slub_cmpxchg)
What it probably means:
  - this host's KVM interprets guest code here and lacks the instruction cmpxchg16b; `skiff check` says whether this KVM interprets guest kernels (most nested and page-table-based ones do)
  - hide it from the guest with cpu.hide = ["cx16"]
  - if this KVM shows the feature in spite of that, put clearcpuid=cx16 on a Linux guest's command line

RIP ffffffff80008000 (slub_cmpxchg)
Mode  64-bit mode, ring 0, 4-level paging, interrupts off
Code: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 90 90 <f0> 48 0f c7 0e 74 02 00 00 00 00 00 00 00 00 00

RAX 0000000000001234  RBX 0000000000000000  RCX 0000000000000000  RDX 0000000000000000
RSI 0000000000000000  RDI 0000000000000000  RBP 0000000000000000  RSP 0000000000009000
R8  0000000000000000  R9  0000000000000000  R10 0000000000000000  R11 0000000000000000
R12 0000000000000000  R13 0000000000000000  R14 0000000000000000  R15 0000000000000000

RFLAGS 0000000000000002  -
CR0    0000000080010033  PG WP NE ET MP PE
CR2    0000000000000000  (address of the last page fault)
CR3    0000000000001000  (root of the page tables)
CR4    0000000000000020  PAE
CR8    0000000000000000  (task priority)
EFER   0000000000000d01  NXE LMA LME SCE

     sel   base              limit
CS   0010  0000000000000000  ffffffff  64-bit code, ring 0
SS   0018  0000000000000000  ffffffff  32-bit data, ring 0, writable
DS   0018  0000000000000000  ffffffff  32-bit data, ring 0, writable
ES   0018  0000000000000000  ffffffff  32-bit data, ring 0, writable
FS   0018  0000000000000000  ffffffff  32-bit data, ring 0, writable
GS   0018  0000000000000000  ffffffff  32-bit data, ring 0, writable
LDT  0000  0000000000000000  00000000  not usable
TR   0020  0000000000000000  00000067  busy TSS
GDT        000000000000c000  0000007f
IDT        0000000000000000  00000000

Page walk of RIP 0xffffffff80008000 (4-level paging)
  PML4 [511] at 0x000000001ff8 = 0000000000002003  P RW
  PDPT [510] at 0x000000002ff0 = 0000000000003003  P RW
  PD   [  0] at 0x000000003000 = 0000000000004003  P RW
  PT   [  8] at 0x000000004040 = 0000000000008003  P RW
  -> physical 0x8000, a 4 KiB page, supervisor, writable, executable
Stack at 0x9000:
  ffffffff80008010 0000000000000000 0000000000000000 0000000000000000
  0000000000000000 0000000000000000 0000000000000000 0000000000000000
  0000000000000000 0000000000000000 0000000000000000 0000000000000000
  0000000000000000 0000000000000000 0000000000000000 0000000000000000
  ? ffffffff80008010 (slub_cmpxchg+0x10)
)GOLDEN");
}

TEST(FailureReport, RealModeShowsWhatThereIs) {
  GuestMemoryModel memory;
  VcpuState state = real_mode_state();
  state.cs.base = 0xf0000;
  state.cs.selector = 0xf000;
  state.rip = 0xfff0;
  const std::string text = failure_report(0, state, kEmulation, memory.reader(), {});
  EXPECT_THAT(text, HasSubstr("at 0xffff0\n"));
  EXPECT_THAT(text, HasSubstr("Mode  real mode, ring 0, no paging, interrupts off\n"));
  EXPECT_THAT(text, HasSubstr("Code: (nothing readable at 0xffff0)\n"));
  EXPECT_THAT(text, HasSubstr("Page walk of RIP 0xffff0 (no paging)\n"
                              "  -> physical 0xffff0, where there is no RAM\n"));
}

TEST(FailureReport, TripleFaultShowsTheWalkOfCr2) {
  GuestMemoryModel memory;
  map_kernel(memory);
  VcpuState state = long_mode_state();
  state.rip = 0x8000;
  state.cr2 = 0xdead'0000;
  const std::string text = failure_report(0, state, kTripleFault, memory.reader(), {});
  EXPECT_THAT(text, HasSubstr("vCPU 0: triple fault at 0x8000\n"));
  EXPECT_THAT(text, HasSubstr("Page walk of CR2 0xdead0000 (4-level paging)\n"));
  EXPECT_THAT(text, HasSubstr("  -> not present (P is clear)\n"));
  state.cr2 = 0;
  EXPECT_THAT(failure_report(0, state, kTripleFault, memory.reader(), {}),
              Not(HasSubstr("walk of CR2")));
}

TEST(FailureReport, CodeAtTheStartOfAPage) {
  GuestMemoryModel memory;
  map_kernel(memory);
  memory.put64(0x4000 + 8 * 7, 0);  // the page before is not there
  memory.put_bytes(0x8000, {0x0f, 0x0b});
  VcpuState state = long_mode_state();
  state.rip = 0x8000;
  EXPECT_THAT(failure_report(0, state, kTripleFault, memory.reader(), {}),
              HasSubstr("Code: <0f> 0b 00"));
}

TEST(FailureReport, SymbolsCannotSendControlSequences) {
  GuestMemoryModel memory;
  const SymbolLookup symbols = [](std::uint64_t) { return "evil\x1b[2J" + std::string(5000, 'x'); };
  const std::string text =
      failure_report(0, long_mode_state(), kTripleFault, memory.reader(), symbols);
  EXPECT_THAT(text, HasSubstr("evil?[2J"));
  EXPECT_EQ(std::ranges::count(text, '\x1b'), 0);
  EXPECT_LT(text.size(), 16384U);
}

// Whatever the registers and the memory hold: bounded, printable, ended by a newline.
TEST(FailureReport, AnyState) {
  std::uint64_t seed = 42;
  const auto random = [&seed] {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return seed ^ seed >> 29;
  };
  GuestMemoryModel memory(0x8000);
  for (int round = 0; round < 2000; ++round) {
    for (std::uint64_t at = 0; at < 0x8000; at += 8 * (1 + random() % 64))
      memory.put64(at, random() >> (random() & 63) | (random() & 3));
    VcpuState state;
    std::uint64_t* const words[] = {
        &state.rsp, &state.rip,  &state.rflags,  &state.cr0,     &state.cr2,     &state.cr3,
        &state.cr4, &state.efer, &state.cs.base, &state.ss.base, &state.tr.base, &state.idt.base};
    for (auto* const word : words)
      *word = random() >> (random() & 63);
    state.cs.l = random() & 1;
    state.cs.db = random() & 1;
    state.ss.db = random() & 1;
    state.ss.dpl = static_cast<std::uint8_t>(random());
    state.cs.type = static_cast<std::uint8_t>(random());
    state.cs.present = state.cs.s = random() & 1;
    state.tr.type = state.cs.type;
    state.tr.present = true;
    state.idt.limit = static_cast<std::uint16_t>(random());
    Fatal fatal;
    fatal.kind = static_cast<Fatal::Kind>(random() % 5);
    fatal.suberror = static_cast<std::uint32_t>(random() % 6);
    fatal.hardware_reason = random();
    fatal.data_count = static_cast<std::uint32_t>(random());
    fatal.instruction_size = static_cast<std::uint8_t>(random());
    fatal.reason = static_cast<std::uint32_t>(random() % 64);
    const std::string text = failure_report(0, state, fatal, memory.reader(), {});
    ASSERT_LT(text.size(), 16384U);
    ASSERT_EQ(text.back(), '\n');
    for (const char c : text)
      ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << static_cast<int>(c);
  }
}

TEST(FatalHeadline, EveryKind) {
  EXPECT_EQ(fatal_headline(kTripleFault), "triple fault");
  EXPECT_EQ(fatal_headline(kEmulation), "KVM internal error: emulation failure (suberror 1)");
  EXPECT_EQ(fatal_headline({.kind = Fatal::Kind::unknown_exit, .reason = 37}),
            "an exit Skiff does not know (exit reason 37, notify (no progress))");
  EXPECT_EQ(fatal_headline({.kind = Fatal::Kind::unknown_exit, .reason = 99}),
            "an exit Skiff does not know (exit reason 99)");
  EXPECT_THAT(fatal_headline({.kind = Fatal::Kind::fail_entry, .hardware_reason = 0x80000021}),
              HasSubstr("(hardware reason 0x80000021)"));
  EXPECT_EQ(fatal_headline({.kind = Fatal::Kind::run_failed, .error_number = EFAULT}),
            "KVM_RUN failed: Bad address");
}

TEST(FatalDetails, DataAndBytes) {
  Fatal fatal = kEmulation;
  EXPECT_EQ(fatal_details(fatal), "");
  fatal.data_count = 2;
  fatal.data[0] = 1;
  fatal.data[1] = 0xabc;
  fatal.instruction_size = 2;
  fatal.instruction[0] = 0x0f;
  fatal.instruction[1] = 0x0b;
  EXPECT_EQ(fatal_details(fatal), "KVM's data    0x1 0xabc\nKVM's bytes   0f 0b\n");
}

TEST(RegisterBits, Names) {
  EXPECT_EQ(cr0_bits(0x8005'0033), "PG AM WP NE ET MP PE");
  EXPECT_EQ(cr4_bits(0x3406f0), "SMAP SMEP OSXSAVE OSXMMEXCPT OSFXSR PGE MCE PAE PSE");
  EXPECT_EQ(efer_bits(0xd01), "NXE LMA LME SCE");
  EXPECT_EQ(rflags_bits(0x3202), "IF IOPL=3");
  EXPECT_EQ(rflags_bits(0x2), "-");
  EXPECT_THAT(rflags_bits(0), HasSubstr("not a valid RFLAGS"));
  EXPECT_EQ(cr0_bits(1ULL << 63), "bit63");
}

TEST(CpuModeTest, AllOfThem) {
  VcpuState state = long_mode_state();
  EXPECT_EQ(describe_mode(state), "64-bit mode, ring 0, 4-level paging, interrupts off");
  state.cs.l = false;
  EXPECT_EQ(cpu_mode(state), CpuMode::compatibility);
  state = protected_state();
  EXPECT_EQ(cpu_mode(state), CpuMode::protected32);
  state.cs.db = false;
  EXPECT_EQ(cpu_mode(state), CpuMode::protected16);
  state.rflags |= 1U << 17;
  EXPECT_EQ(cpu_mode(state), CpuMode::virtual_8086);
  EXPECT_EQ(privilege_level(state), 3U);
  state = real_mode_state();
  state.cs.base = 0xffff0;
  state.rip = 0xfff0;
  EXPECT_EQ(cpu_mode(state), CpuMode::real);
  EXPECT_EQ(linear_rip(state), 0x10ffe0U);
  state.ss.base = 0x10000;
  state.rsp = 0x7'0089'1234;
  EXPECT_EQ(linear_rsp(state), 0x11234U);
}

}  // namespace
}  // namespace skiff
