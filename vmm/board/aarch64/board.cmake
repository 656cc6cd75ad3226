skiff_room(vmm_board SOURCES
  aarch64/virt_board.cc aarch64/virt_messages.cc aarch64/virt_pci.cc aarch64/virt_platform.cc aarch64/virt_virtio.cc
  ${SKIFF_DEVICE_SOURCES}
  LINKS vmm_kvm vmm_boot vmm_boot_arm64 devices_legacy devices_intc devices_pci vmm_config board_cpu_report
        ${SKIFF_DEVICE_ROOMS})
