#include "vmm/board/x86_64/failure_hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "vmm/board/x86_64/cpu_mode.h"
#include "vmm/board/x86_64/trap_path.h"

namespace skiff {
namespace {

// KVM_INTERNAL_ERROR_ numbers (api.rst section 5).
constexpr std::uint32_t kEmulation = 1, kSimultaneous = 2, kDelivery = 3, kUnexpectedExit = 4;
constexpr std::size_t kLongestInstruction = 15;

struct Hinter {
  const VcpuState& state;
  const Fatal& fatal;
  const PhysicalReader& read;
  std::vector<std::string> hints{};

  template <typename... Args>
  void say(fmt::format_string<Args...> text, Args&&... args) {
    hints.push_back(fmt::format(text, std::forward<Args>(args)...));
  }

  // The places RIP should not be. False if it looks sound.
  bool fetch_problem();
  void emulation_failure();
  void refused_instruction(const InstructionHint& instruction);
  void triple_fault();
  void fail_entry();
  void run_failed();
  void internal_error();
};

bool Hinter::fetch_problem() {
  const std::uint64_t rip = linear_rip(state);
  const PageWalk walk = walk_pages(state, rip, read);
  if (rip < 0x1000 && cpu_mode(state) != CpuMode::real) {
    say("the guest jumped to address {:#x}: most likely a call through a null pointer", rip);
    return true;
  }
  if (walk.end == PageWalk::End::non_canonical) {
    say("RIP {:#x} is not a canonical address: a damaged return address or function pointer", rip);
    return true;
  }
  if (!walk.is_mapped()) {
    say("RIP {:#x} is not mapped: the guest jumped astray, or runs on page tables that lack its "
        "own "
        "code",
        rip);
    return true;
  }
  if (!walk.is_in_ram) {
    say("RIP leads to guest-physical {:#x}, where there is no RAM (a device or nothing): the guest "
        "jumped astray, or its image was loaded elsewhere, or the VM has less memory than it "
        "expects",
        walk.physical);
    return true;
  }
  if (!walk.is_executable) {
    say("the page of RIP is mapped no-execute: the guest jumped into data");
    return true;
  }
  std::vector<std::byte> code(8);
  code.resize(read_linear(state, rip, read, code));
  const auto all = [&code](int value) {
    return !code.empty() &&
           std::ranges::all_of(code, [value](std::byte b) { return b == std::byte(value); });
  };
  if (all(0)) {
    say("the bytes at RIP are all zero: the guest runs through empty memory; it jumped astray, or "
        "its image is not where it believes");
    return true;
  }
  return false;
}

void Hinter::refused_instruction(const InstructionHint& instruction) {
  say("this host's KVM interprets guest code here and lacks the instruction {}; `skiff check` says "
      "whether this KVM interprets guest kernels (most nested and page-table-based ones do)",
      instruction.name);
  if (!instruction.feature.empty()) {
    say("hide it from the guest with cpu.hide = [\"{}\"]", instruction.feature);
    std::string cmdline = fmt::format("clearcpuid={}", instruction.feature);
    if (!instruction.cmdline.empty()) {
      cmdline = fmt::format("{} (or {})", instruction.cmdline, cmdline);
    }
    say("if this KVM shows the feature in spite of that, put {} on a Linux guest's command line",
        cmdline);
  } else if (!instruction.cmdline.empty()) {
    say("a Linux guest avoids it with {} on its command line", instruction.cmdline);
  } else {
    say("no CPU feature stands for it, so it cannot be hidden: run this guest on a KVM with true "
        "hardware virtualization");
  }
}

void Hinter::emulation_failure() {
  if (fetch_problem()) return;
  const auto bytes = instruction_bytes(state, fatal, read);
  const auto instruction = recognise_instruction(bytes, cpu_mode(state));
  if (instruction) {
    refused_instruction(*instruction);
  } else {
    say("KVM had to emulate the instruction at RIP and could not: either it touches a device with "
        "an instruction KVM does not emulate for devices, or this host's KVM interprets guest "
        "kernel code and lacks it (see `skiff check`)");
  }
  if (cpu_mode(state) == CpuMode::real) {
    say("the guest is in real mode, which processors without unrestricted guest mode emulate; "
        "a 64-bit boot protocol avoids it");
  }
}

void Hinter::internal_error() {
  switch (fatal.suberror) {
    case kEmulation:
      return emulation_failure();
    case kSimultaneous:
      say("two exceptions at once that KVM could not combine: a defect of the host's KVM");
      return;
    case kDelivery:
      say("an exit came while the processor was delivering an exception or interrupt: the guest's "
          "IDT, task state segment or stack is probably not in RAM");
      for (const std::string& sentence : broken_trap_path(state, read))
        say("{}", sentence);
      return;
    case kUnexpectedExit:
      say("the processor left the guest for a reason this host's KVM does not handle ({:#x}); a "
          "newer host kernel may",
          fatal.data_count > 0 ? fatal.data[0] : 0);
      return;
    default:
      say("a failure inside the host's KVM; its kernel log (dmesg) may say more");
  }
}

// After an AMD processor's shutdown the VMCB is undefined (APM 2, 15.14.3), so KVM resets the vCPU
// before it tells.
bool was_reset(const VcpuState& state) {
  return cpu_mode(state) == CpuMode::real && state.cs.base == 0xffff'0000 && state.rip == 0xfff0;
}

void Hinter::triple_fault() {
  if (was_reset(state)) {
    say("this host's KVM has reset the vCPU before reporting (AMD processors do not keep the state "
        "of a triple fault), so the registers no longer show where the guest was; the last exits "
        "and the guest's console do");
    return;
  }
  const auto bytes = instruction_bytes(state, fatal, read);
  const auto instruction = recognise_instruction(bytes, cpu_mode(state));
  const bool is_trap = instruction && (instruction->name == "int3" || instruction->name == "ud2");
  if (state.idt.limit == 0 && is_trap) {
    say("the guest executed {} with no IDT loaded: this is how kernels reset a machine on purpose "
        "(Linux: reboot=t, and its last resort)",
        instruction->name);
    return;
  }
  fetch_problem();
  if (instruction && instruction->name == "ud2") {
    say("the instruction at RIP is ud2: the guest's own assertion (Linux: BUG) before it could "
        "report anything");
  }
  const std::vector<std::string> broken = broken_trap_path(state, read);
  for (const std::string& sentence : broken)
    say("{}", sentence);
  if (state.cr2 != 0 && paging_mode(state) != PagingMode::none) {
    const PageWalk walk = walk_pages(state, state.cr2, read);
    if (!walk.is_mapped()) {
      say("the last page fault was at CR2 = {:#x}, which is not mapped ({})", state.cr2,
          to_string(walk.end));
    }
  }
  if (hints.empty()) {
    say("an exception was raised while the handler of another one, and then that of the double "
        "fault, could not be entered; the guest's IDT, stack and code look mapped now, so look at "
        "the segment registers and at the instruction at RIP");
  }
}

void Hinter::fail_entry() {
  constexpr std::uint64_t kVmxFailed = 1ULL << 31;
  const std::uint64_t reason = fatal.hardware_reason & 0xffff'ffffULL;
  if (reason == 0xffff'ffffULL) {
    say("AMD's VMEXIT_INVALID: the guest's state breaks a rule of VM entry (APM volume 2, 15.5.1)");
  } else if (reason == (kVmxFailed | 33)) {
    say("Intel's VM-entry failure due to invalid guest state (SDM volume 3, 27.3.1)");
  } else if (reason == (kVmxFailed | 34)) {
    say("Intel's VM-entry failure due to MSR loading (SDM volume 3, 27.4)");
  } else if (reason == (kVmxFailed | 41)) {
    say("Intel's VM-entry failure due to a machine check: the host's hardware reports a fault");
  } else {
    say("Intel's VM-instruction error {} (SDM volume 3, 31.4): a control field KVM set, not the "
        "guest's state; a defect of the host's KVM or of the hypervisor under it",
        reason);
    return;
  }
  const std::vector<std::string> broken = invalid_guest_state(state);
  for (const std::string& sentence : broken)
    say("{}", sentence);
  if (broken.empty()) {
    say("none of the rules Skiff checks is broken; on an Intel host with unrestricted_guest off "
        "(parameter of kvm_intel) real mode needs segments whose base is 16 x the selector");
  }
}

void Hinter::run_failed() {
  switch (fatal.error_number) {
    case EFAULT:
      say("the host could not give a page of guest memory: its memory or the limit of this "
          "process's control group is used up, or the 2 MiB pages of machine.hugepages are "
          "(see HugePages_Free in /proc/meminfo)");
      if (fetch_problem()) return;
      say("or the guest's page tables lead to an address this host's processor does not have");
      return;
    case ENOMEM:
      say("the host's kernel has no memory left for KVM itself");
      return;
    case EHWPOISON:
      say("a page of guest memory has an uncorrectable hardware error (see the host's dmesg)");
      return;
    case EINVAL:
      say("KVM refuses to run this vCPU: its state is one this host cannot enter");
      for (const std::string& sentence : invalid_guest_state(state))
        say("{}", sentence);
      return;
    case EIO:
      say("the VM is dead: the host's KVM has met a defect of its own and stopped it (see dmesg)");
      return;
    default:
      say("the host's kernel log (dmesg) may say more");
  }
}

}  // namespace

std::vector<std::uint8_t> instruction_bytes(const VcpuState& state, const Fatal& fatal,
                                            const PhysicalReader& read) {
  const std::size_t given = std::min<std::size_t>(fatal.instruction_size, sizeof fatal.instruction);
  if (given != 0) return {fatal.instruction, fatal.instruction + given};
  std::vector<std::uint8_t> bytes(kLongestInstruction);
  bytes.resize(
      read_linear(state, linear_rip(state), read, std::as_writable_bytes(std::span(bytes))));
  return bytes;
}

std::vector<std::string> failure_hints(const VcpuState& state, const Fatal& fatal,
                                       const PhysicalReader& read) {
  Hinter hinter{state, fatal, read};
  switch (fatal.kind) {
    case Fatal::Kind::triple_fault:
      hinter.triple_fault();
      break;
    case Fatal::Kind::internal_error:
      hinter.internal_error();
      break;
    case Fatal::Kind::fail_entry:
      hinter.fail_entry();
      break;
    case Fatal::Kind::run_failed:
      hinter.run_failed();
      break;
    case Fatal::Kind::unknown_exit:
      hinter.say(
          "this host's KVM left the guest for a reason that Skiff did not ask for and cannot "
          "answer; please report it with the host's kernel version");
      break;
  }
  return hinter.hints;
}

}  // namespace skiff
