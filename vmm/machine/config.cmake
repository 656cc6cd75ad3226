# The configuration: TOML and command line to a validated VmConfig. toml++ is compiled in one file.
skiff_room(vmm_config
  SOURCES "${CMAKE_CURRENT_LIST_DIR}/config_console.cc"
          "${CMAKE_CURRENT_LIST_DIR}/config_diagnostic.cc"
          "${CMAKE_CURRENT_LIST_DIR}/config_disk.cc"
          "${CMAKE_CURRENT_LIST_DIR}/config_file.cc"
          "${CMAKE_CURRENT_LIST_DIR}/config_keys.cc"
          "${CMAKE_CURRENT_LIST_DIR}/config_descriptors.cc"
          "${CMAKE_CURRENT_LIST_DIR}/config_net.cc"
          "${CMAKE_CURRENT_LIST_DIR}/config_scan.cc"
          "${CMAKE_CURRENT_LIST_DIR}/config_overrides.cc"
          "${CMAKE_CURRENT_LIST_DIR}/config_paths.cc"
          "${CMAKE_CURRENT_LIST_DIR}/config_reader.cc"
          "${CMAKE_CURRENT_LIST_DIR}/config_sections.cc"
          "${CMAKE_CURRENT_LIST_DIR}/config_serial.cc"
          "${CMAKE_CURRENT_LIST_DIR}/config_tree.cc"
          "${CMAKE_CURRENT_LIST_DIR}/config_virtio.cc"
          "${CMAKE_CURRENT_LIST_DIR}/console_names.cc"
          "${CMAKE_CURRENT_LIST_DIR}/size_text.cc"
          "${CMAKE_CURRENT_LIST_DIR}/spelling.cc"
          "${CMAKE_CURRENT_LIST_DIR}/${SKIFF_ARCH}/config_facts.cc"
  LINKS vmm_io vmm_net)
target_link_libraries(vmm_config PRIVATE skiff_toml)
if(SKIFF_ARCH STREQUAL "x86_64")
  target_link_libraries(vmm_config PRIVATE cpu_features_x86_64)
endif()
