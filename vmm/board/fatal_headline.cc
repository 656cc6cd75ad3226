#include "vmm/board/fatal_headline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <string_view>

namespace skiff {
namespace {

// KVM_EXIT_ numbers (Linux include/uapi/linux/kvm.h; api.rst section 5), by value.
constexpr std::array<std::string_view, 40> kExitNames = {
    "unknown",
    "exception",
    "I/O",
    "hypercall",
    "debug",
    "HLT",
    "MMIO",
    "interrupt window open",
    "shutdown",
    "failed entry",
    "interrupted",
    "set TPR",
    "TPR access",
    "S390 SIEIC",
    "S390 reset",
    "DCR",
    "NMI",
    "internal error",
    "OSI",
    "PAPR hypercall",
    "S390 ucontrol",
    "watchdog",
    "S390 TSCH",
    "EPR",
    "system event",
    "S390 STSI",
    "IOAPIC EOI",
    "Hyper-V",
    "access without syndrome (NISV)",
    "RDMSR",
    "WRMSR",
    "dirty ring full",
    "AP reset hold",
    "bus lock",
    "Xen",
    "RISC-V SBI",
    "RISC-V CSR",
    "notify (no progress)",
    "LoongArch IOCSR",
    "memory fault",
};

std::string exit_name(std::uint32_t reason) {
  if (reason >= kExitNames.size()) return fmt::format("exit reason {}", reason);
  return fmt::format("exit reason {}, {}", reason, kExitNames[reason]);
}

}  // namespace

std::string fatal_headline(const Fatal& fatal) {
  switch (fatal.kind) {
    case Fatal::Kind::internal_error:
      return fmt::format("{}: {} (suberror {})", to_string(fatal.kind),
                         internal_error_name(fatal.suberror), fatal.suberror);
    case Fatal::Kind::fail_entry:
      return fmt::format("{}: the processor refused the guest's state (hardware reason {:#x})",
                         to_string(fatal.kind), fatal.hardware_reason);
    case Fatal::Kind::unknown_exit:
      return fmt::format("an exit Skiff does not know ({})", exit_name(fatal.reason));
    case Fatal::Kind::run_failed:
      return fmt::format("{}: {}", to_string(fatal.kind), std::strerror(fatal.error_number));
    case Fatal::Kind::triple_fault:
      break;
  }
  return std::string(to_string(fatal.kind));
}

std::string fatal_details(const Fatal& fatal) {
  std::string text;
  if (fatal.kind == Fatal::Kind::run_failed && fatal.reason != 0) {
    fmt::format_to(std::back_inserter(text), "KVM's exit    {}\n", exit_name(fatal.reason));
  }
  const std::size_t words = std::min<std::size_t>(fatal.data_count, Fatal::kMaxData);
  if (words != 0) {
    text += "KVM's data   ";
    for (std::size_t at = 0; at < words; ++at)
      fmt::format_to(std::back_inserter(text), " {:#x}", fatal.data[at]);
    text += "\n";
  }
  const std::size_t bytes = std::min<std::size_t>(fatal.instruction_size, sizeof fatal.instruction);
  if (bytes != 0) {
    text += "KVM's bytes  ";
    for (std::size_t at = 0; at < bytes; ++at)
      fmt::format_to(std::back_inserter(text), " {:02x}", fatal.instruction[at]);
    text += "\n";
  }
  return text;
}

}  // namespace skiff
