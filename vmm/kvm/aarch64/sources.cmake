set(SKIFF_KVM_ARCH_SOURCES
  aarch64/irq_routes.cc aarch64/kvm_gic.cc aarch64/kvm_spi_messages.cc aarch64/vcpu_state.cc aarch64/vm_arch.cc)
set(SKIFF_KVM_ARCH_LINKS)
