# What `skiff check` asks KVM (and `skiff why`); beside vmm_kvm, since no machine needs it to run.
skiff_room(kvm_host_facts
  SOURCES "${CMAKE_CURRENT_LIST_DIR}/${SKIFF_ARCH}/host_facts.cc"
  LINKS vmm_kvm)
