# What `skiff check` asks KVM; beside vmm_kvm, since no machine needs it.
skiff_room(kvm_host_facts
  SOURCES "${CMAKE_CURRENT_LIST_DIR}/${SKIFF_ARCH}/host_facts.cc"
  LINKS vmm_kvm)
