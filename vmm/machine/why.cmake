# `skiff why`: pure, apart from vmm_machine, so that it can be tested alone.
skiff_room(machine_why SOURCES
  why/guest_rules.cc why/linux_rules.cc why/vcpu_looks.cc why/why_page.cc
  LINKS ledger_report board_cpu_report linux_guest)
