skiff_test(cpu_report_kvm_test LABEL kvm
  SOURCES x86_64/cpu_report_test.cc
  LINKS board_cpu_report)
