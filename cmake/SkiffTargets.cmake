# With SKIFF_UNITY the headers that every file of a room includes, half of the compile time, are read
# once a room. What a file needs it includes all the same, which the build without it tells; and what
# is local to a file needs a name that no other file of its room gives something else. Files that
# cannot keep to that (two `using namespace` of registers' names) are named behind APART.
function(skiff_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# skiff_room(NAME SOURCES ... [APART ...] LINKS ...): the static library of one room of the house.
# What a room may include is what it links; see docs/architecture.md.
function(skiff_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;APART;LINKS" ${ARGN})
  add_library(${name} STATIC ${ROOM_SOURCES} ${ROOM_APART})
  target_link_libraries(${name} PUBLIC skiff_flags ${ROOM_LINKS})
  if(SKIFF_FUZZ)  # rooms alone: where a test has been, no fuzzer asks
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  if(SKIFF_UNITY STREQUAL "ON")
    skiff_unity(${name} ${ROOM_APART})
  endif()
endfunction()

# Tests are compiled without optimisation, which halves their compile time; what they test is not.
set(SKIFF_TEST_OPTIONS -O0)

# skiff_test(NAME LABEL unit|kvm|lab SOURCES ... [APART ...] LINKS ...): a GoogleTest program, each of
# its tests one CTest test with that label (cross-built: the program is one).
function(skiff_test name)
  cmake_parse_arguments(TEST "" "LABEL;TIMEOUT" "SOURCES;APART;LINKS" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 120)
  endif()
  add_executable(${name} ${TEST_SOURCES} ${TEST_APART})
  target_link_libraries(${name} PRIVATE skiff_flags ${TEST_LINKS} GTest::gmock GTest::gtest
                        GTest::gtest_main)
  target_compile_options(${name} PRIVATE ${SKIFF_TEST_OPTIONS})
  if(SKIFF_UNITY)
    skiff_unity(${name} ${TEST_APART})
  endif()
  if(CMAKE_CROSSCOMPILING)
    # Under an emulator a start is dear, and asking for the list of tests is one.
    add_test(NAME ${TEST_LABEL}/${name} COMMAND ${name})
    set_tests_properties(${TEST_LABEL}/${name} PROPERTIES LABELS ${TEST_LABEL} TIMEOUT 300
      # What looks for races, or works through megabytes, takes minutes there and finds no more than it does here.
      ENVIRONMENT "GTEST_FILTER=-*Race*:*Thread*:*EveryPosition*:IoBusChange*:*DecompressTest*:*EachFormat*")
    return()
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 TEST_PREFIX "${TEST_LABEL}/"
                       PROPERTIES LABELS ${TEST_LABEL} TIMEOUT ${TEST_TIMEOUT})
endfunction()

# skiff_fuzzer(NAME SOURCES ... LINKS ...): with SKIFF_FUZZ a libFuzzer program, run for a short time
# by CTest's label `fuzz`; its seeds are tests/fuzz/corpus/NAME where that folder exists. The same
# tree plays the same inputs, so that a red run is red again; SKIFF_FUZZ_SEED=0 looks for new ones.
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
           COMMAND ${name} -max_total_time=${SKIFF_FUZZ_SECONDS} -seed=${SKIFF_FUZZ_SEED}
                   -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 "${work}" ${corpus})
  set_tests_properties(fuzz/${name} PROPERTIES LABELS fuzz TIMEOUT 600)
endfunction()
set(SKIFF_FUZZ_SECONDS 10 CACHE STRING "How long CTest runs each fuzzer [s]")
set(SKIFF_FUZZ_SEED 1 CACHE STRING "Where CTest's fuzzers start; 0: anew each time")
