skiff_room(vmm_board SOURCES
  aarch64/virt_board.cc ${SKIFF_DEVICE_SOURCES}
  LINKS vmm_kvm vmm_boot devices_legacy devices_pci vmm_config board_cpu_report
        ${SKIFF_DEVICE_ROOMS})
