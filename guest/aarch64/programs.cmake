# Included by guest/CMakeLists.txt.
guest_bare(hello aarch64/programs/hello.S)
