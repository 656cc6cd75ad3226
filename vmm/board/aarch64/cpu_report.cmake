skiff_room(board_cpu_report SOURCES
  "${CMAKE_CURRENT_LIST_DIR}/cpu_report.cc" "${CMAKE_CURRENT_LIST_DIR}/vcpu_sample.cc"
  "${CMAKE_CURRENT_LIST_DIR}/../fatal_headline.cc" "${CMAKE_CURRENT_LIST_DIR}/../physical_reader.cc"
  "${CMAKE_CURRENT_LIST_DIR}/../stack_words.cc"
  LINKS vmm_kvm linux_guest guest_view_arm64)
