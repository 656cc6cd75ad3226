# Included by guest/CMakeLists.txt.

set(guest_arch_options "")

guest_objects(runtime ${guest_lib_sources}
  aarch64/runtime/alarm.c aarch64/runtime/device_tree.c aarch64/runtime/gic.c aarch64/runtime/gic_its.c
  aarch64/runtime/machine.c aarch64/runtime/processors.c aarch64/runtime/program.c aarch64/runtime/serial.c
  aarch64/runtime/start.S)
guest_objects(virtio ${guest_virtio_sources} aarch64/runtime/pci_config.c aarch64/runtime/pci_setup.c)
guest_objects(bench ${guest_bench_sources}
  aarch64/bench/arena.c aarch64/bench/console_serial.c aarch64/bench/doorbell.c aarch64/bench/faces.c aarch64/bench/wake.c)

guest_bare(hello aarch64/programs/hello.S)
foreach(name fault irq reset)
  guest_program(${name} aarch64/programs/${name}.c)
endforeach()

set(guest_bench_programs bench-console bench-disk bench-doorbell bench-net)
foreach(name ${guest_bench_programs})
  guest_bench_program(${name} programs/${name}.c)
endforeach()
