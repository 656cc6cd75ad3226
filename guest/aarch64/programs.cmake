# Included by guest/CMakeLists.txt, which has guest_target().
guest_target(hello aarch64/runtime/link.ld SOURCES aarch64/programs/hello.S LINK -Wl,-e,elf_start)
