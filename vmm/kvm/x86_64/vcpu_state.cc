#include "vmm/kvm/x86_64/vcpu_state.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_error.h"

namespace skiff {
namespace {

SegmentState from_kvm(const kvm_segment& segment) {
  return {
      .base = segment.base,
      .limit = segment.limit,
      .selector = segment.selector,
      .type = segment.type,
      .dpl = segment.dpl,
      .present = segment.present != 0,
      .s = segment.s != 0,
      .l = segment.l != 0,
      .db = segment.db != 0,
      .g = segment.g != 0,
      .avl = segment.avl != 0,
  };
}

kvm_segment to_kvm(const SegmentState& segment) {
  kvm_segment result{};
  result.base = segment.base;
  result.limit = segment.limit;
  result.selector = segment.selector;
  result.type = segment.type;
  result.dpl = segment.dpl;
  result.present = segment.present;
  result.s = segment.s;
  result.l = segment.l;
  result.db = segment.db;
  result.g = segment.g;
  result.avl = segment.avl;
  result.unusable = !segment.present;
  return result;
}

}  // namespace

std::expected<VcpuState, std::string> get_vcpu_state(const KvmVcpu& vcpu) {
  kvm_regs regs{};
  kvm_sregs sregs{};
  if (kvm_ioctl(vcpu.fd(), KVM_GET_REGS, &regs) != 0 ||
      kvm_ioctl(vcpu.fd(), KVM_GET_SREGS, &sregs) != 0) {
    return std::unexpected(fmt::format("cannot read the registers: {}", std::strerror(errno)));
  }
  VcpuState state{
      .rax = regs.rax,
      .rbx = regs.rbx,
      .rcx = regs.rcx,
      .rdx = regs.rdx,
      .rsi = regs.rsi,
      .rdi = regs.rdi,
      .rsp = regs.rsp,
      .rbp = regs.rbp,
      .r8 = regs.r8,
      .r9 = regs.r9,
      .r10 = regs.r10,
      .r11 = regs.r11,
      .r12 = regs.r12,
      .r13 = regs.r13,
      .r14 = regs.r14,
      .r15 = regs.r15,
      .rip = regs.rip,
      .rflags = regs.rflags,
  };
  state.cs = from_kvm(sregs.cs);
  state.ds = from_kvm(sregs.ds);
  state.es = from_kvm(sregs.es);
  state.fs = from_kvm(sregs.fs);
  state.gs = from_kvm(sregs.gs);
  state.ss = from_kvm(sregs.ss);
  state.tr = from_kvm(sregs.tr);
  state.ldt = from_kvm(sregs.ldt);
  state.gdt = {sregs.gdt.base, sregs.gdt.limit};
  state.idt = {sregs.idt.base, sregs.idt.limit};
  state.cr0 = sregs.cr0;
  state.cr2 = sregs.cr2;
  state.cr3 = sregs.cr3;
  state.cr4 = sregs.cr4;
  state.cr8 = sregs.cr8;
  state.efer = sregs.efer;
  state.apic_base = sregs.apic_base;
  return state;
}

void set_vcpu_state(const KvmVcpu& vcpu, const VcpuState& state) {
  kvm_sregs sregs{};
  if (kvm_ioctl(vcpu.fd(), KVM_GET_SREGS, &sregs) != 0) {
    throw_kvm_error("cannot read the system registers (KVM_GET_SREGS)", errno);
  }
  sregs.cs = to_kvm(state.cs);
  sregs.ds = to_kvm(state.ds);
  sregs.es = to_kvm(state.es);
  sregs.fs = to_kvm(state.fs);
  sregs.gs = to_kvm(state.gs);
  sregs.ss = to_kvm(state.ss);
  sregs.tr = to_kvm(state.tr);
  sregs.ldt = to_kvm(state.ldt);
  sregs.gdt.base = state.gdt.base;
  sregs.gdt.limit = state.gdt.limit;
  sregs.idt.base = state.idt.base;
  sregs.idt.limit = state.idt.limit;
  sregs.cr0 = state.cr0;
  sregs.cr2 = state.cr2;
  sregs.cr3 = state.cr3;
  sregs.cr4 = state.cr4;
  sregs.cr8 = state.cr8;
  sregs.efer = state.efer;
  if (kvm_ioctl(vcpu.fd(), KVM_SET_SREGS, &sregs) != 0) {
    throw_kvm_error(fmt::format("vCPU {}: KVM refuses the boot state (KVM_SET_SREGS)", vcpu.id()),
                    errno);
  }
  kvm_regs regs{};
  regs.rax = state.rax;
  regs.rbx = state.rbx;
  regs.rcx = state.rcx;
  regs.rdx = state.rdx;
  regs.rsi = state.rsi;
  regs.rdi = state.rdi;
  regs.rsp = state.rsp;
  regs.rbp = state.rbp;
  regs.r8 = state.r8;
  regs.r9 = state.r9;
  regs.r10 = state.r10;
  regs.r11 = state.r11;
  regs.r12 = state.r12;
  regs.r13 = state.r13;
  regs.r14 = state.r14;
  regs.r15 = state.r15;
  regs.rip = state.rip;
  regs.rflags = state.rflags;
  if (kvm_ioctl(vcpu.fd(), KVM_SET_REGS, &regs) != 0) {
    throw_kvm_error(fmt::format("vCPU {}: KVM refuses the registers (KVM_SET_REGS)", vcpu.id()),
                    errno);
  }
}

void disable_local_apic(const KvmVcpu& vcpu) {
  constexpr std::uint64_t kGlobalEnable = 1ULL << 11;
  kvm_sregs sregs{};
  if (kvm_ioctl(vcpu.fd(), KVM_GET_SREGS, &sregs) != 0) {
    throw_kvm_error("cannot read the system registers (KVM_GET_SREGS)", errno);
  }
  sregs.apic_base &= ~kGlobalEnable;
  if (kvm_ioctl(vcpu.fd(), KVM_SET_SREGS, &sregs) != 0) {
    throw_kvm_error(
        fmt::format("vCPU {}: cannot be without a local APIC (KVM_SET_SREGS)", vcpu.id()), errno);
  }
}

bool inject_nmi(const KvmVcpu& vcpu) noexcept {
  return kvm_ioctl(vcpu.fd(), KVM_NMI) == 0;
}

}  // namespace skiff
