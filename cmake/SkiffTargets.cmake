# With SKIFF_PCH the standard headers that nearly every file includes, half of its compile time,
# are read once. What a file needs it includes all the same: builds without
# SKIFF_PCH (a user's, the aarch64 one) tell.
if(SKIFF_PCH)
  add_library(skiff_room_headers STATIC cmake/room_headers.cc)
  target_link_libraries(skiff_room_headers PRIVATE skiff_flags skiff_fmt)
  target_precompile_headers(skiff_room_headers PRIVATE
    <fmt/core.h> <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <cstring>
    <expected> <functional> <memory> <mutex> <optional> <span> <string> <string_view> <utility>
    <variant> <vector>)
endif()

# skiff_room(NAME SOURCES ... LINKS ...): the static library of one room of the house.
# What a room may include is what it links; see docs/architecture.md.
function(skiff_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(${name} PUBLIC skiff_flags ${ROOM_LINKS})
  if(SKIFF_PCH)
    target_precompile_headers(${name} REUSE_FROM skiff_room_headers)
  endif()
endfunction()

# skiff_test(NAME LABEL unit|kvm|lab SOURCES ... LINKS ...): a GoogleTest program, each of its tests
# one CTest test with that label.
function(skiff_test name)
  cmake_parse_arguments(TEST "" "LABEL;TIMEOUT" "SOURCES;LINKS" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 60)
  endif()
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE skiff_flags ${TEST_LINKS} GTest::gmock GTest::gtest
                        GTest::gtest_main)
  if(SKIFF_PCH)
    target_precompile_headers(${name} REUSE_FROM skiff_test_headers)
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 TEST_PREFIX "${TEST_LABEL}/"
                       PROPERTIES LABELS ${TEST_LABEL} TIMEOUT ${TEST_TIMEOUT})
endfunction()

# skiff_fuzzer(NAME SOURCES ... LINKS ...): with SKIFF_FUZZ a libFuzzer program, run for a short time
# by CTest's label `fuzz`; its seeds are tests/fuzz/corpus/NAME where that folder exists.
function(skiff_fuzzer name)
  cmake_parse_arguments(FUZZ "" "" "SOURCES;LINKS" ${ARGN})
  if(NOT SKIFF_FUZZ)
    return()
  endif()
  add_executable(${name} ${FUZZ_SOURCES})
  target_link_libraries(${name} PRIVATE skiff_flags ${FUZZ_LINKS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set(corpus "${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name}")
  if(NOT EXISTS "${corpus}")
    set(corpus "")
  endif()
  set(work "${CMAKE_CURRENT_BINARY_DIR}/work/${name}")
  file(MAKE_DIRECTORY "${work}")
  add_test(NAME fuzz/${name}
           COMMAND ${name} -max_total_time=${SKIFF_FUZZ_SECONDS} -timeout=10 -rss_limit_mb=2048
                   -print_final_stats=1 "${work}" ${corpus})
  set_tests_properties(fuzz/${name} PROPERTIES LABELS fuzz TIMEOUT 600)
endfunction()
set(SKIFF_FUZZ_SECONDS 10 CACHE STRING "How long CTest runs each fuzzer [s]")
