# Compiler flags shared by every target.
option(SKIFF_TESTS "Build the tests" ON)
option(SKIFF_FUZZ "Build the fuzzers with libFuzzer (clang only)" OFF)
option(SKIFF_WERROR "Treat warnings as errors" OFF)
set(SKIFF_UNITY OFF CACHE STRING "Compile each test (TESTS), or each room too (ON), as one file: half the time from scratch")
set_property(CACHE SKIFF_UNITY PROPERTY STRINGS OFF TESTS ON)
set(SKIFF_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# The folder that holds this architecture's half of kvm, boot, board and guest.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set(SKIFF_ARCH x86_64)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(SKIFF_ARCH aarch64)
else()
  message(FATAL_ERROR "Skiff runs on x86_64 and aarch64; this is ${CMAKE_SYSTEM_PROCESSOR}")
endif()

find_package(Threads REQUIRED)

add_library(skiff_flags INTERFACE)
target_include_directories(skiff_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(skiff_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wconversion -Wshadow>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:Clang>>:-Wthread-safety>
  # A false alarm of g++ 12 on "literal" + std::string (GCC bug 105651), mended in 13.
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  # It takes a source that the room's one file includes for a header.
  $<$<AND:$<BOOL:${SKIFF_UNITY}>,$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-subobject-linkage>
  $<$<BOOL:${SKIFF_WERROR}>:-Werror>
  -fno-semantic-interposition -ffunction-sections -fdata-sections)
target_link_options(skiff_flags INTERFACE -Wl,--gc-sections)
target_link_libraries(skiff_flags INTERFACE Threads::Threads)

if(SKIFF_SANITIZE)
  target_compile_options(skiff_flags INTERFACE -fsanitize=${SKIFF_SANITIZE}
                         -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(skiff_flags INTERFACE -fsanitize=${SKIFF_SANITIZE})
endif()
if(SKIFF_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "SKIFF_FUZZ needs clang (libFuzzer); use `cmake --preset fuzz`")
  endif()
endif()
