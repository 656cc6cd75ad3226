#include "vmm/kvm/kvm_vcpu.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_error.h"

namespace skiff {
namespace {

VcpuExit port_io(kvm_run& run) {
  const auto& io = run.io;
  auto* const data = reinterpret_cast<std::byte*>(&run) + io.data_offset;
  return PortIo{
      .port = io.port,
      .width = io.size,
      .is_write = io.direction == KVM_EXIT_IO_OUT,
      .count = io.count,
      .data = {data, static_cast<std::size_t>(io.size) * io.count},
  };
}

VcpuExit mmio(kvm_run& run) {
  return Mmio{
      .address = run.mmio.phys_addr,
      .is_write = run.mmio.is_write != 0,
      .data = {reinterpret_cast<std::byte*>(run.mmio.data),
               std::min<std::size_t>(run.mmio.len, sizeof run.mmio.data)},
  };
}

VcpuExit system_event(const kvm_run& run) {
  const std::uint32_t type = run.system_event.type;
  switch (type) {
    case KVM_SYSTEM_EVENT_SHUTDOWN:
      return SystemEvent{SystemEvent::Kind::shutdown, type};
    case KVM_SYSTEM_EVENT_RESET:
      return SystemEvent{SystemEvent::Kind::reset, type};
    case KVM_SYSTEM_EVENT_CRASH:
      return SystemEvent{SystemEvent::Kind::crash, type};
    default:
      return SystemEvent{SystemEvent::Kind::other, type};
  }
}

VcpuExit internal_error(const kvm_run& run) {
  Fatal fatal{.kind = Fatal::Kind::internal_error, .reason = run.exit_reason};
  fatal.suberror = run.internal.suberror;
  fatal.data_count = std::min<std::uint32_t>(run.internal.ndata, Fatal::kMaxData);
  std::copy_n(run.internal.data, fatal.data_count, fatal.data);
  if (fatal.suberror == KVM_INTERNAL_ERROR_EMULATION && run.emulation_failure.ndata >= 1 &&
      (run.emulation_failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) != 0) {
    fatal.instruction_size =
        std::min<std::uint8_t>(run.emulation_failure.insn_size, sizeof fatal.instruction);
    std::copy_n(run.emulation_failure.insn_bytes, fatal.instruction_size, fatal.instruction);
  }
  return fatal;
}

}  // namespace

KvmVcpu::KvmVcpu(std::uint32_t id, Fd fd, std::size_t mmap_size)
    : id_(id), fd_(std::move(fd)), mmap_size_(mmap_size) {
  void* const area = ::mmap(nullptr, mmap_size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (area == MAP_FAILED)
    throw_kvm_error(fmt::format("cannot map the run area of vCPU {}", id), errno);
  run_ = static_cast<kvm_run*>(area);
}

KvmVcpu::~KvmVcpu() {
  ::munmap(run_, mmap_size_);
}

VcpuExit KvmVcpu::run() noexcept {
  if (::ioctl(fd_.get(), KVM_RUN, 0) < 0) {
    // EAGAIN: a vCPU that waited for its start-up IPI was woken; call again.
    if (errno == EINTR || errno == EAGAIN) return Interrupted{};
    const int error = errno;
    // With its exit reason, newer kernels say more about EFAULT than errno can.
    return Fatal{
        .kind = Fatal::Kind::run_failed, .reason = run_->exit_reason, .error_number = error};
  }
  switch (run_->exit_reason) {
    case KVM_EXIT_IO:
      return port_io(*run_);
    case KVM_EXIT_MMIO:
      return mmio(*run_);
    case KVM_EXIT_INTR:
    // The guest lowered CR8 with no local APIC in the kernel to see it: nobody's priority.
    case KVM_EXIT_SET_TPR:
      return Interrupted{};
    case KVM_EXIT_IRQ_WINDOW_OPEN:
      return InterruptWindow{};
    case KVM_EXIT_HLT:
      return Halted{};
    case KVM_EXIT_IOAPIC_EOI:
      return IoapicEoi{run_->eoi.vector};
    case KVM_EXIT_SYSTEM_EVENT:
      return system_event(*run_);
    case KVM_EXIT_SHUTDOWN:
      return Fatal{.kind = Fatal::Kind::triple_fault, .reason = run_->exit_reason};
    case KVM_EXIT_INTERNAL_ERROR:
      return internal_error(*run_);
    case KVM_EXIT_FAIL_ENTRY:
      return Fatal{.kind = Fatal::Kind::fail_entry,
                   .reason = run_->exit_reason,
                   .hardware_reason = run_->fail_entry.hardware_entry_failure_reason};
    default:
      return Fatal{.kind = Fatal::Kind::unknown_exit, .reason = run_->exit_reason};
  }
}

void KvmVcpu::set_immediate_exit(bool on) noexcept {
  std::atomic_ref<__u8>(run_->immediate_exit).store(on ? 1 : 0, std::memory_order_seq_cst);
}

std::span<std::byte> KvmVcpu::coalesced_page(std::uint32_t page) const noexcept {
  const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  if (page == 0 || (page + std::size_t{1}) * size > mmap_size_) return {};
  return {reinterpret_cast<std::byte*>(run_) + page * size, size};
}

bool KvmVcpu::takes_interrupt() const noexcept {
  return run_->ready_for_interrupt_injection != 0;
}

bool KvmVcpu::has_interrupts_on() const noexcept {
  return run_->if_flag != 0;
}

void KvmVcpu::set_interrupt_window(bool wanted) noexcept {
  run_->request_interrupt_window = wanted ? 1 : 0;
}

bool KvmVcpu::inject_interrupt(std::uint8_t vector) noexcept {
  kvm_interrupt argument{.irq = vector};
  return kvm_ioctl(fd_.get(), KVM_INTERRUPT, &argument) == 0;
}

std::string_view to_string(ExitReason reason) {
  switch (reason) {
    case ExitReason::interrupted:
      return "interrupted";
    case ExitReason::port_io:
      return "port I/O";
    case ExitReason::mmio:
      return "MMIO";
    case ExitReason::ioapic_eoi:
      return "IOAPIC EOI";
    case ExitReason::system_event:
      return "system event";
    case ExitReason::halted:
      return "HLT";
    case ExitReason::interrupt_window:
      return "interrupt window";
    case ExitReason::fatal:
      return "fatal";
  }
  return "unknown";
}

std::string_view to_string(Fatal::Kind kind) {
  switch (kind) {
    case Fatal::Kind::triple_fault:
      return "triple fault";
    case Fatal::Kind::internal_error:
      return "KVM internal error";
    case Fatal::Kind::fail_entry:
      return "failed VM entry";
    case Fatal::Kind::unknown_exit:
      return "unknown exit";
    case Fatal::Kind::run_failed:
      return "KVM_RUN failed";
  }
  return "unknown";
}

std::string_view internal_error_name(std::uint32_t suberror) {
  switch (suberror) {
    case KVM_INTERNAL_ERROR_EMULATION:
      return "emulation failure";
    case KVM_INTERNAL_ERROR_SIMUL_EX:
      return "simultaneous exceptions";
    case KVM_INTERNAL_ERROR_DELIVERY_EV:
      return "event delivery failed";
    case KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON:
      return "unexpected exit reason";
    default:
      return "unknown suberror";
  }
}

}  // namespace skiff
