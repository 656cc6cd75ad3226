#include "vmm/kvm/host_facts.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"
#include "vmm/base/range.h"
#include "vmm/io/guest_memory.h"
#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_vm.h"
#include "vmm/kvm/x86_64/vcpu_state.h"

namespace skiff {
namespace {

constexpr auto kCapabilities = std::to_array<KvmCapability>({
    {KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY", true, "guest RAM"},
    {KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID", true, "the guest's CPUID"},
    {KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP", true, "interrupt controllers in the kernel"},
    {KVM_CAP_IRQ_ROUTING, "KVM_CAP_IRQ_ROUTING", true, "interrupt and MSI routes"},
    {KVM_CAP_IRQFD, "KVM_CAP_IRQFD", true, "interrupts by eventfd"},
    {KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT", true, "stopping a vCPU at any moment"},
    {KVM_CAP_IRQFD_RESAMPLE, "KVM_CAP_IRQFD_RESAMPLE", false, "level interrupts by eventfd"},
    {KVM_CAP_IOEVENTFD, "KVM_CAP_IOEVENTFD", false, "device doorbells without an exit"},
    {KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI", false, "message interrupts without a route"},
    {KVM_CAP_PIT2, "KVM_CAP_PIT2", false, "machine.pit: an 8254 timer in the kernel"},
    {KVM_CAP_SPLIT_IRQCHIP, "KVM_CAP_SPLIT_IRQCHIP", false,
     "machine.irqchip = \"split\": IOAPIC in Skiff, local APIC in KVM (\"user\" needs nothing)"},
    {KVM_CAP_X2APIC_API, "KVM_CAP_X2APIC_API", false, "more than 255 vCPUs"},
    {KVM_CAP_TSC_DEADLINE_TIMER, "KVM_CAP_TSC_DEADLINE_TIMER", false, "the guest's fastest timer"},
    {KVM_CAP_READONLY_MEM, "KVM_CAP_READONLY_MEM", false, "read-only memory"},
    {KVM_CAP_EXIT_ON_EMULATION_FAILURE, "KVM_CAP_EXIT_ON_EMULATION_FAILURE", false,
     "reports that name the instruction KVM cannot emulate"},
    {KVM_CAP_BINARY_STATS_FD, "KVM_CAP_BINARY_STATS_FD", false, "KVM's own exit counts"},
});

// Where things lie in the throw-away VM's 2 MiB.
constexpr std::uint64_t kCode = 0x1000;
constexpr std::uint64_t kPml4 = 0x2000;
constexpr std::uint64_t kPdpt = 0x3000;
constexpr std::uint64_t kPageDirectory = 0x4000;

// 1: dec ecx; jnz 1b; out 0xf4, al; jmp 1b — ECX is the number of rounds.
constexpr std::array<std::uint8_t, 8> kLoop = {0xff, 0xc9, 0x75, 0xfc, 0xe6, 0xf4, 0xeb, 0xf8};
constexpr double kInstructionsPerRound = 2;

// 64-bit mode with one 2 MiB page (SDM volume 3, 4.5).
VcpuState long_mode_state(std::uint32_t rounds) {
  VcpuState state;
  state.rip = kCode;
  state.rcx = rounds;
  state.cs = {.base = 0,
              .limit = 0xffff'ffff,
              .selector = 8,
              .type = 11,
              .dpl = 0,
              .present = true,
              .s = true,
              .l = true,
              .db = false,
              .g = true};
  state.ss = {.base = 0,
              .limit = 0xffff'ffff,
              .selector = 16,
              .type = 3,
              .dpl = 0,
              .present = true,
              .s = true,
              .l = false,
              .db = true,
              .g = true};
  state.ds = state.es = state.fs = state.gs = state.ss;
  state.tr = {.base = 0, .limit = 0xffff, .selector = 24, .type = 11, .dpl = 0, .present = true};
  state.ldt = {.base = 0, .limit = 0xffff, .selector = 0, .type = 2, .dpl = 0, .present = true};
  state.cr0 = 0x8000'0011;  // PG, ET, PE
  state.cr3 = kPml4;
  state.cr4 = 0x20;    // PAE
  state.efer = 0x500;  // LMA, LME
  return state;
}

void write_program(const GuestMemory& memory) {
  constexpr std::uint64_t kPresentWritable = 0x3;
  constexpr std::uint64_t kLargePage = 0x80;
  memory.write(GuestAddress(kCode), std::as_bytes(std::span(kLoop)));
  memory.store<std::uint64_t>(GuestAddress(kPml4), kPdpt | kPresentWritable);
  memory.store<std::uint64_t>(GuestAddress(kPdpt), kPageDirectory | kPresentWritable);
  memory.store<std::uint64_t>(GuestAddress(kPageDirectory), kLargePage | kPresentWritable);
}

// Seconds for `rounds`, or nothing if the loop ended otherwise than by its OUT.
std::expected<double, std::string> time_rounds(KvmVcpu& vcpu, std::uint32_t rounds) {
  set_vcpu_state(vcpu, long_mode_state(rounds));
  const auto start = std::chrono::steady_clock::now();
  VcpuExit exit = vcpu.run();
  while (std::holds_alternative<Interrupted>(exit))
    exit = vcpu.run();
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  if (std::holds_alternative<PortIo>(exit)) return spent.count();
  if (const auto* fatal = std::get_if<Fatal>(&exit)) {
    return std::unexpected("the loop ended with " + std::string(to_string(fatal->kind)));
  }
  return std::unexpected(std::string("the loop ended unexpectedly"));
}

}  // namespace

std::span<const KvmCapability> used_capabilities() {
  return kCapabilities;
}

std::expected<double, std::string> kernel_code_speed(const KvmSystem& system) {
  constexpr std::uint32_t kFewRounds = 2'000;  // 3 to 12 ms where they are interpreted
  constexpr std::uint32_t kManyRounds = 20'000'000;
  constexpr double kFewAreSlow = 1e-3;  // [s]
  try {
    const Range ram{.start = 0, .size = 2 * MiB};
    const GuestMemory memory(std::span(&ram, 1), {.huge_pages = HugePages::off, .shared = false});
    write_program(memory);
    KvmVm vm(system, memory);
    vm.map_memory();
    const auto vcpu = vm.create_vcpu(0);
    // The first run also pays for the page faults of the code.
    const auto warm_up = time_rounds(*vcpu, 1);
    if (!warm_up) return std::unexpected(warm_up.error());
    // The quickest of three: the host may have other work.
    std::uint32_t rounds = kFewRounds;
    auto seconds = time_rounds(*vcpu, rounds);
    for (int again = 0; again < 2 && seconds; ++again) {
      const auto another = time_rounds(*vcpu, rounds);
      if (another && *another < *seconds) seconds = another;
    }
    if (seconds && *seconds < kFewAreSlow) {
      rounds = kManyRounds;
      seconds = time_rounds(*vcpu, rounds);
    }
    if (!seconds) return std::unexpected(seconds.error());
    return kInstructionsPerRound * rounds / *seconds / 1e6;
  } catch (const Error& error) {
    return std::unexpected(std::string(error.what()));
  }
}

}  // namespace skiff
