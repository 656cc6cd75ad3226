set(SKIFF_KVM_ARCH_SOURCES aarch64/irq_routes.cc)
set(SKIFF_KVM_ARCH_LINKS)
