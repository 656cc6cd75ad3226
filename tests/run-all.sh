#!/bin/bash
# Every check, cheapest first, so that a mistake is known early. The last thing printed is CTest's
# summary. SKIFF_STAGES="format release" runs only those stages.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc)
stages=${SKIFF_STAGES:-format release sanitize thread tidy fuzz aarch64 lab}

began=$SECONDS
stage() { printf '\n==> [%4d s] %s\n' $((SECONDS - began)) "$*"; }
wanted() { [[ " $stages " == *" $1 "* ]]; }
configure() { # configure PRESET [OPTION...]: quiet unless it fails
  local log
  log=$(mktemp)
  cmake --preset "$@" >"$log" 2>&1 || { cat "$log"; exit 1; }
  rm -f "$log"
}
build() { # build DIR [TARGET...]
  local directory=$1
  shift
  local log
  log=$(mktemp)
  cmake --build "$directory" -j"$jobs" ${1:+--target "$@"} >"$log" 2>&1 || {
    grep -vE '^\[[0-9]+/[0-9]+\]' "$log"
    exit 1
  }
  rm -f "$log"
}
run_ctest() { # run_ctest DIR LABELS [OPTION...]
  local directory=$1 labels=$2
  shift 2
  ctest --test-dir "$directory" -L "^($labels)\$" --output-on-failure --no-tests=error "$@"
}
say_skipped() { # say_skipped DIR: why tests of the last run were skipped
  grep -A1 ': Skipped$' "$1/Testing/Temporary/LastTest.log" | grep -vE ': Skipped$|^--' |
    sort | uniq -c | sed 's/^ *\([0-9]*\) /skipped, \1 tests: /' || true
}

if wanted format; then
  stage "format and walls"
  tests/check-walls.sh
  git ls-files '*.cc' '*.h' | xargs clang-format-19 --dry-run --Werror
fi

if wanted release; then
  stage "release build with g++, every warning an error"
  configure release -DSKIFF_TESTS=ON -DSKIFF_WERROR=ON -DSKIFF_UNITY=TESTS
  build build
  stage "unit and kvm tests"
  run_ctest build 'unit|kvm' -j"$jobs"
  say_skipped build
fi

if wanted sanitize; then
  stage "clang build with address and undefined-behaviour sanitizers, every warning an error"
  configure fuzz -DSKIFF_WERROR=ON -DSKIFF_UNITY=ON
  build build-fuzz
  stage "unit tests under the sanitizers"
  run_ctest build-fuzz unit -j"$jobs"
fi

if wanted thread; then
  stage "thread sanitizer: the tests that use threads"
  configure tsan -DSKIFF_UNITY=ON
  build build-tsan unit_base unit_io unit_vcpu unit_devices unit_intc unit_timer kvm_external_interrupts pci_test control_test io_executor_test \
    stdio_console_test kvm_vcpu_thread virtio_ring_race_test virtio_transport_test queue_service_test \
    virtio_reset_race_test console_test virtio_console_test virtio_net_thread_test unit_disk unit_nvme unit_ide unit_e1000
  run_ctest build-tsan 'unit|kvm' -j"$jobs"
fi

if wanted tidy; then
  stage "clang-tidy"
  # A room at once: one file includes all of its sources.
  run-clang-tidy-19 -quiet -checks=-bugprone-suspicious-include -p build-fuzz -j "$jobs" "^$PWD/(build-fuzz/)?(vmm|devices|virtio)/.*\.(cc|cxx)$" >build-fuzz/tidy.log 2>&1 ||
    { grep -E 'warning:|error:' build-fuzz/tidy.log | sort -u; exit 1; }
fi

if wanted fuzz; then
  stage "each fuzzer for a short while"
  run_ctest build-fuzz fuzz -j"$jobs"
fi

if wanted aarch64; then
  stage "cross-build for aarch64"
  cmake/install-packages.sh aarch64
  configure aarch64 -DSKIFF_TESTS=ON -DSKIFF_WERROR=ON -DSKIFF_UNITY=ON
  # Tests of what is most of an arm64 guest's, or handles bytes; all of them would take longer than they tell (docs/aarch64.md).
  units=(unit_boot_arm64 unit_boot unit_guest_view_arm64 unit_devices unit_intc pci_test virtio_ring_test virtio_transport_test
         guest_device_tree guest_parts linux_guest_test unit_nvme board_devices_test)
  build build-aarch64 skiff guest_programs lab-expect lab-dns "${units[@]}"
  stage "unit tests for aarch64, under qemu-user"
  run_ctest build-aarch64 unit -R "/($(IFS='|'; echo "${units[*]}"))\$" -j"$jobs"
fi

if wanted lab; then
  if [ -x build-aarch64/skiff ]; then
    stage "an arm64 guest on an arm64 host in the lab"
    play() { # play GROUP...: one after the other
      local group failed=0
      for group in "$@"; do
        tests/lab/cases.sh --arch aarch64 "$group" || [ $? = 77 ] || failed=1
      done
      return $failed
    }
    # Two machines at once, where there are processors for it.
    [ "$jobs" -gt 1 ] && { play arm-bench gicv2 & beside=$!; } || beside=
    failed=0
    play arm || failed=1
    if [ -n "$beside" ]; then wait "$beside" || failed=1; else play arm-bench gicv2 || failed=1; fi
    [ "$failed" = 0 ] || exit 1
  fi
  stage "Linux guests in the lab"
  # A machine of the lab has one processor and up to 3 GB of memory.
  room=$(awk '$1 == "MemAvailable:" { print int($2 / 1024 / 1024 / 4) }' /proc/meminfo)
  machines=$((room < jobs ? room : jobs))
  # CTest's summary comes last, after what it does not tell: who needed a second try.
  run_ctest build lab -j$((machines > 0 ? machines : 1)) | tee build/lab.log
  if grep -hE 'passed only at its (second|third) try' build/Testing/Temporary/LastTest.log; then
    sed -n '/tests passed/,$p' build/lab.log
  fi
fi
