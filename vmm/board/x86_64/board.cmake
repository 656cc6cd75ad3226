skiff_room(vmm_board SOURCES
  x86_64/pc_board.cc x86_64/pc_boot.cc x86_64/pc_irqchip.cc x86_64/pc_irqchip_skiff.cc x86_64/pc_pci.cc x86_64/pc_platform.cc x86_64/pc_serial.cc
  x86_64/pc_virtio.cc x86_64/skiff_pic.cc ${SKIFF_DEVICE_SOURCES}
  LINKS vmm_kvm vmm_boot vmm_boot_acpi devices_intc devices_legacy devices_pci devices_timer vmm_config board_cpu_report
        ${SKIFF_DEVICE_ROOMS})
