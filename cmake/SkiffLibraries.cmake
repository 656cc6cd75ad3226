# Third-party libraries. A program that links them as shared objects reaches its first line after
# 1.5 ms, with their static archives after 0.55 ms; so everything but glibc is static.

# skiff_static_library(TARGET ARCHIVE HEADER PACKAGE): an imported target for one static archive.
function(skiff_static_library target archive header package)
  find_library(${target}_ARCHIVE NAMES ${archive})
  find_path(${target}_INCLUDE NAMES ${header})
  if(NOT ${target}_ARCHIVE OR NOT ${target}_INCLUDE)
    message(FATAL_ERROR "${archive} or ${header} not found: install Debian's ${package} "
                        "(`make deps` installs all that Skiff needs)")
  endif()
  add_library(${target} STATIC IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION "${${target}_ARCHIVE}"
    INTERFACE_INCLUDE_DIRECTORIES "${${target}_INCLUDE}")
endfunction()

skiff_static_library(skiff_zlib libz.a zlib.h zlib1g-dev)
skiff_static_library(skiff_lzma liblzma.a lzma.h liblzma-dev)
skiff_static_library(skiff_zstd libzstd.a zstd.h libzstd-dev)
skiff_static_library(skiff_lz4 liblz4.a lz4.h liblz4-dev)
skiff_static_library(skiff_bz2 libbz2.a bzlib.h libbz2-dev)
# Written for arm64 guests; tested on every host.
if(SKIFF_ARCH STREQUAL "aarch64" OR SKIFF_TESTS)
  skiff_static_library(skiff_fdt libfdt.a libfdt.h libfdt-dev)
endif()
skiff_static_library(skiff_uring liburing.a liburing.h liburing-dev)

# Header-only ones.
function(skiff_header_library target header package)
  find_path(${target}_INCLUDE NAMES ${header})
  if(NOT ${target}_INCLUDE)
    message(FATAL_ERROR "${header} not found: install Debian's ${package} "
                        "(`make deps` installs all that Skiff needs)")
  endif()
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE "${${target}_INCLUDE}")
endfunction()

# Its out-of-line half is vmm/base/fmt_library.cc.
skiff_header_library(skiff_fmt fmt/core.h libfmt-dev)
skiff_header_library(skiff_spdlog spdlog/spdlog.h libspdlog-dev)
target_compile_definitions(skiff_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
target_link_libraries(skiff_spdlog INTERFACE skiff_fmt)
skiff_header_library(skiff_asio boost/asio.hpp libboost1.81-dev)
target_compile_definitions(skiff_asio INTERFACE BOOST_ASIO_NO_DEPRECATED)
skiff_header_library(skiff_toml toml++/toml.h libtomlplusplus-dev)
skiff_header_library(skiff_cli11 CLI/CLI.hpp libcli11-dev)
