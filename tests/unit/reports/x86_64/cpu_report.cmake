skiff_test(cpu_report_test LABEL unit
  SOURCES x86_64/failure_report_test.cc x86_64/instruction_hint_test.cc
          x86_64/page_walk_test.cc
  APART x86_64/failure_hints_test.cc
  LINKS board_cpu_report)
