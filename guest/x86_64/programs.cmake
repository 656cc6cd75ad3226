# Included by guest/CMakeLists.txt.

# The red zone below the stack pointer is not ours: interrupts at the same privilege level write there.
set(guest_arch_options -fcf-protection=none -mno-red-zone)

guest_objects(runtime ${guest_lib_sources}
  x86_64/runtime/acpi.c x86_64/runtime/boot_info.c x86_64/runtime/clock.c x86_64/runtime/console_input.c x86_64/runtime/device_interrupts.c
  x86_64/runtime/end.c x86_64/runtime/high_memory.c
  x86_64/runtime/interrupt_controllers.c x86_64/runtime/interrupt_entry.S x86_64/runtime/interrupts.c
  x86_64/runtime/mmio_devices.c x86_64/runtime/processor_start.S x86_64/runtime/processors.c x86_64/runtime/program.c
  x86_64/runtime/ring3.c x86_64/runtime/ring3_switch.S x86_64/runtime/serial.c x86_64/runtime/start.S)
guest_objects(virtio ${guest_virtio_sources} x86_64/runtime/pci_config.c)
guest_objects(bench ${guest_bench_sources}
  x86_64/ide/ide.c x86_64/ide/ide_open.c
  x86_64/bench/arena.c x86_64/bench/block_ide.c x86_64/bench/console_serial.c x86_64/bench/doorbell.c
  x86_64/bench/doorbell_entry.S x86_64/bench/doorbell_ports.c x86_64/bench/faces.c
  x86_64/bench/wake.c x86_64/bench/wake_entry.S)

# A flat binary: no headers, entered at its first byte.
function(guest_flat name source)
  guest_target(${name} x86_64/flat/link.ld SOURCES ${source} LINK -Wl,--oformat=binary)
endfunction()

guest_bare(hello x86_64/programs/hello.S)
foreach(name boot-info exit-code fault irq panic port-loop poweroff reset)
  guest_program(${name} x86_64/programs/${name}.c)
endforeach()
guest_virtio_program(virtio-bench x86_64/programs/virtio-bench.c)

set(guest_bench_programs bench-console bench-disk bench-doorbell bench-net)
foreach(name ${guest_bench_programs})
  guest_bench_program(${name} programs/${name}.c)
endforeach()

foreach(name flat-real flat-protected flat-long)
  guest_flat(${name} x86_64/flat/${name}.S)
endforeach()

guest_target(multiboot-hello x86_64/runtime/link.ld
  SOURCES x86_64/multiboot/start.S x86_64/multiboot/multiboot-hello.c x86_64/runtime/serial.c lib/print.c
  OPTIONS -m32 -fcf-protection=none LINK -Wl,-e,elf_start)
