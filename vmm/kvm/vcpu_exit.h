// Why KVM_RUN came back, as a closed set of types: what the guest did, neutral of the kernel's ABI.
// Source: Linux Documentation/virt/kvm/api.rst, section 5 (the kvm_run structure).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace skiff {

// IN, OUT, INS, OUTS. `data` is width * count bytes inside the shared kvm_run area: the bytes
// written, or the place for those read. Valid until the next run().
struct PortIo {
  std::uint16_t port = 0;
  std::uint8_t width = 1;  // 1, 2 or 4 [bytes]
  bool is_write = false;
  std::uint32_t count = 1;  // elements; more than 1 only for string instructions
  std::span<std::byte> data;
};

// An access to an address without RAM. `data` is 1 to 8 bytes; KVM cuts an access at page borders,
// so any length may come.
struct Mmio {
  std::uint64_t address = 0;
  bool is_write = false;
  std::span<std::byte> data;
};

// The guest ended an interrupt of an IOAPIC that lives in Skiff (split irqchip).
struct IoapicEoi {
  std::uint8_t vector = 0;
};

// The architecture's own power interface (PSCI, Hyper-V crash).
struct SystemEvent {
  enum class Kind { shutdown, reset, crash, other };
  Kind kind = Kind::other;
  std::uint32_t type = 0;
};

// The guest can take an external interrupt now, as set_interrupt_window asked (an 8259 in Skiff).
struct InterruptWindow {};

// A signal, or immediate_exit: no guest event. KVM_RUN is simply called again.
struct Interrupted {};

// HLT with no interrupt chip in the kernel to wake the vCPU.
struct Halted {};

// The guest, or KVM under it, cannot go on.
struct Fatal {
  enum class Kind {
    triple_fault,    // KVM_EXIT_SHUTDOWN
    internal_error,  // KVM_EXIT_INTERNAL_ERROR; suberror says which
    fail_entry,      // KVM_EXIT_FAIL_ENTRY; hardware refused the guest's state
    unknown_exit,    // a reason Skiff does not know
    run_failed,      // KVM_RUN itself failed: error_number
  };
  static constexpr std::size_t kMaxData = 16;

  Kind kind = Kind::unknown_exit;
  std::uint32_t reason = 0;    // exit_reason
  std::uint32_t suberror = 0;  // internal_error
  std::uint64_t hardware_reason = 0;
  int error_number = 0;
  std::uint32_t data_count = 0;  // words of `data` in use
  std::uint64_t data[kMaxData] = {};
  std::uint8_t instruction_size =
      0;  // bytes of `instruction` in use: the one KVM could not emulate
  std::uint8_t instruction[15] = {};
};

using VcpuExit =
    std::variant<Interrupted, PortIo, Mmio, IoapicEoi, SystemEvent, Halted, InterruptWindow, Fatal>;

// The ledger's row of an exit, in the order of the variant.
enum class ExitReason : std::uint8_t {
  interrupted,
  port_io,
  mmio,
  ioapic_eoi,
  system_event,
  halted,
  interrupt_window,
  fatal,
};
inline constexpr std::size_t kExitReasonCount = 8;
static_assert(std::variant_size_v<VcpuExit> == kExitReasonCount);

std::string_view to_string(ExitReason reason);
// "triple fault", "KVM internal error (emulation failure)", ...
std::string_view to_string(Fatal::Kind kind);
// KVM_INTERNAL_ERROR_ names of `suberror`.
std::string_view internal_error_name(std::uint32_t suberror);

}  // namespace skiff
