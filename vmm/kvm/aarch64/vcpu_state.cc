#include "vmm/kvm/aarch64/vcpu_state.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "vmm/kvm/aarch64/register_ids.h"
#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_error.h"

namespace skiff {
namespace {

// register_ids.h says by itself what the kernel's header has as macros.
static_assert(arm64::general_register(30) == (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |
                                              (offsetof(kvm_regs, regs.regs) + 30 * 8) / 4));
static_assert(arm64::kRegisterPc == (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |
                                     KVM_REG_ARM_CORE_REG(regs.pc)));
static_assert(arm64::kRegisterPstate == (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |
                                         KVM_REG_ARM_CORE_REG(regs.pstate)));
static_assert(arm64::kRegisterSpEl1 ==
              (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(sp_el1)));
static_assert(arm64::kRegisterSpsrEl1 == (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |
                                          KVM_REG_ARM_CORE_REG(spsr[KVM_SPSR_EL1])));
static_assert(arm64::kRegisterFarEl1 == ARM64_SYS_REG(3, 0, 6, 0, 0));
static_assert(arm64::spi_line(1) == (KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | 33));

bool set_register(const KvmVcpu& vcpu, std::uint64_t id, std::uint64_t value) {
  const kvm_one_reg argument{.id = id, .addr = reinterpret_cast<std::uint64_t>(&value)};
  return kvm_ioctl(vcpu.fd(), KVM_SET_ONE_REG, &argument) == 0;
}

bool get_register(const KvmVcpu& vcpu, std::uint64_t id, std::uint64_t& value) {
  const kvm_one_reg argument{.id = id, .addr = reinterpret_cast<std::uint64_t>(&value)};
  return kvm_ioctl(vcpu.fd(), KVM_GET_ONE_REG, &argument) == 0;
}

void set_feature(kvm_vcpu_init& init, unsigned feature) {
  init.features[feature / 32] |= 1U << (feature % 32);
}

}  // namespace

VcpuFeatures offered_features(const KvmSystem& system) {
  return {
      .pmu = system.check_extension(KVM_CAP_ARM_PMU_V3) > 0,
      .sve = system.check_extension(KVM_CAP_ARM_SVE) > 0,
      .pauth = system.check_extension(KVM_CAP_ARM_PTRAUTH_ADDRESS) > 0 &&
               system.check_extension(KVM_CAP_ARM_PTRAUTH_GENERIC) > 0,
  };
}

void initialize_vcpu(const KvmVm& vm, const KvmVcpu& vcpu, const VcpuFeatures& features,
                     bool powered_off) {
  kvm_vcpu_init init{};
  if (kvm_ioctl(vm.fd(), KVM_ARM_PREFERRED_TARGET, &init) != 0) {
    throw_kvm_error("this host's processor has no KVM target (KVM_ARM_PREFERRED_TARGET)", errno);
  }
  set_feature(init, KVM_ARM_VCPU_PSCI_0_2);
  if (powered_off) set_feature(init, KVM_ARM_VCPU_POWER_OFF);
  if (features.pmu) set_feature(init, KVM_ARM_VCPU_PMU_V3);
  if (features.sve) set_feature(init, KVM_ARM_VCPU_SVE);
  if (features.pauth) {
    set_feature(init, KVM_ARM_VCPU_PTRAUTH_ADDRESS);
    set_feature(init, KVM_ARM_VCPU_PTRAUTH_GENERIC);
  }
  if (kvm_ioctl(vcpu.fd(), KVM_ARM_VCPU_INIT, &init) != 0) {
    throw_kvm_error(fmt::format("cannot initialize vCPU {} (KVM_ARM_VCPU_INIT)", vcpu.id()), errno);
  }
  if (!features.sve) return;
  const int feature = KVM_ARM_VCPU_SVE;
  if (kvm_ioctl(vcpu.fd(), KVM_ARM_VCPU_FINALIZE, &feature) != 0) {
    throw_kvm_error(fmt::format("vCPU {}: SVE cannot be had (KVM_ARM_VCPU_FINALIZE); hide it with "
                                "cpu.hide = [\"sve\"]",
                                vcpu.id()),
                    errno);
  }
}

void initialize_pmu(const KvmVcpu& vcpu) {
  int interrupt = kPmuInterrupt;
  kvm_device_attr attribute{};
  attribute.group = KVM_ARM_VCPU_PMU_V3_CTRL;
  attribute.attr = KVM_ARM_VCPU_PMU_V3_IRQ;
  attribute.addr = reinterpret_cast<std::uint64_t>(&interrupt);
  bool done = kvm_ioctl(vcpu.fd(), KVM_SET_DEVICE_ATTR, &attribute) == 0;
  if (done) {
    attribute.attr = KVM_ARM_VCPU_PMU_V3_INIT;
    attribute.addr = 0;
    done = kvm_ioctl(vcpu.fd(), KVM_SET_DEVICE_ATTR, &attribute) == 0;
  }
  if (!done) {
    throw_kvm_error(fmt::format("vCPU {}: the performance counters cannot be had; hide them with "
                                "cpu.hide = [\"pmu\"]",
                                vcpu.id()),
                    errno);
  }
}

void set_boot_registers(const KvmVcpu& vcpu, std::uint64_t pc, std::uint64_t x0) {
  const bool done = set_register(vcpu, arm64::kRegisterPstate, arm64::kPstateBoot) &&
                    set_register(vcpu, arm64::general_register(0), x0) &&
                    set_register(vcpu, arm64::kRegisterPc, pc);
  if (!done) {
    throw_kvm_error(fmt::format("vCPU {}: KVM refuses the boot state (KVM_SET_ONE_REG)", vcpu.id()),
                    errno);
  }
}

std::expected<VcpuState, std::string> get_vcpu_state(const KvmVcpu& vcpu) {
  VcpuState state;
  bool done = true;
  const auto get = [&vcpu, &done](std::uint64_t id, std::uint64_t& value) {
    done = done && get_register(vcpu, id, value);
  };
  for (unsigned number = 0; number < state.x.size(); ++number)
    get(arm64::general_register(number), state.x[number]);
  get(arm64::kRegisterSp, state.sp_el0);
  get(arm64::kRegisterSpEl1, state.sp_el1);
  get(arm64::kRegisterPc, state.pc);
  get(arm64::kRegisterPstate, state.pstate);
  get(arm64::kRegisterElrEl1, state.elr_el1);
  get(arm64::kRegisterSpsrEl1, state.spsr_el1);
  get(arm64::kRegisterSctlrEl1, state.sctlr_el1);
  get(arm64::kRegisterTcrEl1, state.tcr_el1);
  get(arm64::kRegisterTtbr0El1, state.ttbr0_el1);
  get(arm64::kRegisterTtbr1El1, state.ttbr1_el1);
  get(arm64::kRegisterEsrEl1, state.esr_el1);
  get(arm64::kRegisterFarEl1, state.far_el1);
  get(arm64::kRegisterVbarEl1, state.vbar_el1);
  if (!done) {
    return std::unexpected(fmt::format("cannot read the registers: {}", std::strerror(errno)));
  }
  return state;
}

std::uint64_t vcpu_affinity(const KvmVcpu& vcpu) {
  std::uint64_t mpidr = 0;
  if (!get_register(vcpu, arm64::kRegisterMpidrEl1, mpidr)) {
    throw_kvm_error(fmt::format("vCPU {}: cannot read MPIDR_EL1", vcpu.id()), errno);
  }
  return mpidr & arm64::kMpidrAffinity;
}

}  // namespace skiff
