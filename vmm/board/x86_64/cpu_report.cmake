set(SKIFF_CPU_REPORT_SOURCES
  cpu_mode.cc cpu_report.cc failure_hints.cc failure_report.cc guest_state_rules.cc instruction_hint.cc
  instruction_table.cc linear_memory.cc page_walk.cc register_bits.cc trap_path.cc
  vcpu_sample.cc)
list(TRANSFORM SKIFF_CPU_REPORT_SOURCES PREPEND "${CMAKE_CURRENT_LIST_DIR}/")
skiff_room(board_cpu_report SOURCES
  ${SKIFF_CPU_REPORT_SOURCES} "${CMAKE_CURRENT_LIST_DIR}/../fatal_headline.cc" "${CMAKE_CURRENT_LIST_DIR}/../physical_reader.cc"
  "${CMAKE_CURRENT_LIST_DIR}/../stack_words.cc"
  LINKS vmm_kvm linux_guest)
