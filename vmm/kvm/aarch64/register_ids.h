// The numbers by which KVM_GET_ONE_REG and KVM_SET_ONE_REG know an arm64 vCPU's registers, and the
// number of an interrupt in KVM_IRQ_LINE. Arithmetic only: no KVM header, so that it is tested
// everywhere.
// Source: Linux Documentation/virt/kvm/api.rst 4.25, 4.68; include/uapi/asm/kvm.h of arm64.
#pragma once

#include <cstdint>

namespace skiff::arm64 {

inline constexpr std::uint64_t kOneRegArm64 = 0x6000'0000'0000'0000;
inline constexpr std::uint64_t kOneRegU64 = 0x0030'0000'0000'0000;  // KVM_REG_SIZE_U64
inline constexpr std::uint64_t kOneRegCore = 0x0010'0000;           // KVM_REG_ARM_CORE
inline constexpr std::uint64_t kOneRegSystem = 0x0013'0000;         // KVM_REG_ARM64_SYSREG

// Core registers are told by their place in struct kvm_regs, counted in words of 32 bits.
constexpr std::uint64_t core_register(std::uint64_t byte_offset) {
  return kOneRegArm64 | kOneRegU64 | kOneRegCore | byte_offset / 4;
}
// X0 to X30.
constexpr std::uint64_t general_register(unsigned number) {
  return core_register(std::uint64_t{number} * 8);
}
inline constexpr std::uint64_t kRegisterSp = core_register(31 * 8);  // SP_EL0
inline constexpr std::uint64_t kRegisterPc = core_register(32 * 8);
inline constexpr std::uint64_t kRegisterPstate = core_register(33 * 8);
inline constexpr std::uint64_t kRegisterSpEl1 = core_register(34 * 8);
inline constexpr std::uint64_t kRegisterElrEl1 = core_register(35 * 8);
inline constexpr std::uint64_t kRegisterSpsrEl1 = core_register(36 * 8);

// The five numbers that name a register in MRS and MSR (ARM DDI 0487, C5.1.2).
constexpr std::uint64_t system_register(unsigned op0, unsigned op1, unsigned crn, unsigned crm,
                                        unsigned op2) {
  return kOneRegArm64 | kOneRegU64 | kOneRegSystem | (op0 & 3U) << 14 | (op1 & 7U) << 11 |
         (crn & 15U) << 7 | (crm & 15U) << 3 | (op2 & 7U);
}
inline constexpr std::uint64_t kRegisterMpidrEl1 = system_register(3, 0, 0, 0, 5);
inline constexpr std::uint64_t kRegisterSctlrEl1 = system_register(3, 0, 1, 0, 0);
inline constexpr std::uint64_t kRegisterTtbr0El1 = system_register(3, 0, 2, 0, 0);
inline constexpr std::uint64_t kRegisterTtbr1El1 = system_register(3, 0, 2, 0, 1);
inline constexpr std::uint64_t kRegisterTcrEl1 = system_register(3, 0, 2, 0, 2);
inline constexpr std::uint64_t kRegisterEsrEl1 = system_register(3, 0, 5, 2, 0);
inline constexpr std::uint64_t kRegisterFarEl1 = system_register(3, 0, 6, 0, 0);
inline constexpr std::uint64_t kRegisterVbarEl1 = system_register(3, 0, 12, 0, 0);

// PSTATE of the first instruction of a kernel: EL1 with its own stack pointer, and debug, SError,
// IRQ and FIQ masked (Linux Documentation/arm64/booting.rst).
inline constexpr std::uint64_t kPstateEl1h = 0x5;
inline constexpr std::uint64_t kPstateDaif = 0x3c0;
inline constexpr std::uint64_t kPstateBoot = kPstateDaif | kPstateEl1h;

// The affinity fields that KVM gives vCPU `index`: 16 to a cluster (the kernel's reset_mpidr,
// arch/arm64/kvm/sys_regs.c). What `reg` of a cpu node in the device tree says.
constexpr std::uint64_t mpidr_affinity(std::uint32_t index) {
  return (index & 0xfU) | (index >> 4 & 0xffU) << 8 | (index >> 12 & 0xffU) << 16;
}
// The affinity fields of an MPIDR_EL1 (ARM DDI 0487, D17.2.101).
inline constexpr std::uint64_t kMpidrAffinity = 0xff'00ff'ffff;

// Shared peripheral interrupts begin at INTID 32; the board counts them from 0.
inline constexpr std::uint32_t kFirstSpi = 32;
// kvm_irq_level.irq of one: type SPI in bits 24 to 27, the INTID in bits 0 to 15.
constexpr std::uint32_t spi_line(std::uint32_t spi) {
  return 1U << 24 | (kFirstSpi + spi);
}

// How many bits of guest-physical address a VM is made with: KVM's usual 40 where they reach,
// fewer where the host has no more, more where RAM ends beyond. `limit`: KVM_CAP_ARM_VM_IPA_SIZE,
// 0 on hosts that can do 40 only. `ram_end`: one past the last byte.
constexpr unsigned choose_ipa_bits(unsigned limit, std::uint64_t ram_end) {
  constexpr unsigned kUsual = 40;
  if (limit == 0) return kUsual;
  unsigned bits = limit < kUsual ? limit : kUsual;
  while (bits < limit && bits < 52 && (ram_end - 1) >> bits != 0)
    ++bits;
  return bits;
}

}  // namespace skiff::arm64
