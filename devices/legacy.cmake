# Legacy and platform devices: what a PC or an arm64 board has that is not a PCI function. No KVM, no PCI.
# A new one adds its files here and a line to vmm/board's device table.
skiff_room(devices_legacy
  SOURCES
    rtc/cmos_rtc_registers.cc
    rtc/rtc_calendar.cc
    serial/uart_16550.cc
    serial/uart_16550_registers.cc
  APART
    acpi/acpi_pm.cc
    acpi/reset_control.cc
    gpio/pl061.cc
    misc/debug_exit.cc
    misc/debug_register.cc
    misc/debug_text_port.cc
    misc/i8042.cc
    misc/post_code.cc
    misc/pvpanic.cc
    rtc/cmos_rtc.cc
    rtc/pl031.cc
    serial/pl011.cc
    serial/pl011_registers.cc
  LINKS vmm_io)
