skiff_room(vmm_board SOURCES
  x86_64/pc_board.cc x86_64/pc_boot.cc x86_64/pc_pci.cc x86_64/pc_platform.cc x86_64/pc_serial.cc
  x86_64/pc_virtio.cc ${SKIFF_DEVICE_SOURCES}
  LINKS vmm_kvm vmm_boot vmm_boot_acpi devices_legacy devices_pci vmm_config board_cpu_report
        ${SKIFF_DEVICE_ROOMS})
