# The ledger and what is told of it: apart from vmm_machine, so that they can be tested alone.
skiff_room(exit_ledger SOURCES exit_ledger.cc exit_history.cc LINKS vmm_kvm)

# Boost.JSON's out-of-line half is json_library.cc.
skiff_header_library(skiff_json boost/json.hpp libboost1.81-dev)
target_compile_definitions(skiff_json INTERFACE
  BOOST_JSON_STATIC_LINK BOOST_JSON_NO_LIB BOOST_CONTAINER_NO_LIB)
skiff_room(json_library SOURCES json_library.cc LINKS skiff_json)

skiff_room(ledger_report SOURCES
  ledger_report.cc ledger_table.cc ledger_json.cc
  LINKS exit_ledger)
target_link_libraries(ledger_report PRIVATE json_library)
