set(SKIFF_KVM_ARCH_SOURCES
  x86_64/cpuid.cc x86_64/cpuid_topology.cc x86_64/vcpu_state.cc x86_64/vm_arch.cc)
set(SKIFF_KVM_ARCH_LINKS cpu_features_x86_64)
