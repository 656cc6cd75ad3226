#!/bin/bash
# The numbers Skiff is held to, each measured beside something to compare it with (docs/benchmark-launch.md).
#
#   bench.sh BUILD_DIR
#
# BENCH_RUNS   runs of each contender, 10 by default (starts, which are quick, four times as many); a first one is not counted
# BENCH_ONLY   some of "start memory exits boot": only these parts
# BENCH_SKIFF  another Skiff than BUILD_DIR/skiff
#
# A target that is not reached is said and is no failure: the status is that of the measuring.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ $# = 1 ] || { sed -n '4p' "$0" | sed 's/^# *//' >&2; exit 2; }
build=$(cd "$1" && pwd)
runs=${BENCH_RUNS:-10}
only=${BENCH_ONLY:-start memory exits boot}
skiff=${BENCH_SKIFF:-$build/skiff}
guests=$build/guest
yardstick=$build/tests/bench/yardstick
for needed in "$skiff" "$yardstick" "$build/tests/bench/first_byte" "$build/tests/lab/lab-expect" "$guests/hello"; do
  [ -x "$needed" ] || { echo "bench: $needed is not there: \`make bench\` builds it" >&2; exit 2; }
done
work=$(mktemp -d)
background=
# shellcheck disable=SC2317
clean_up() {
  [ -z "$background" ] || kill -9 "$background" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

failed=0
wanted() { [[ " $only " == *" $1 "* ]]; }
problem() { echo "  not measured: $*"; failed=1; }
head_line() { printf '\n%-44s %9s %9s %9s %7s\n' "$1" median min max ratio; }
# row NAME MEDIAN MIN MAX [RATIO]
row() { printf '  %-42s %9s %9s %9s %7s\n' "$1" "$2" "$3" "$4" "${5:-}"; }
# target WHAT VALUE LIMIT UNIT: says whether VALUE <= LIMIT.
target() {
  awk -v what="$1" -v value="$2" -v limit="$3" -v unit="$4" 'BEGIN {
    printf "  -> target: %s at most %s%s: %s (%s%s)\n", what, limit, unit, value <= limit ? "reached" : "NOT reached", value, unit
  }'
}
# Of numbers, one a line: median, min, max.
summary() {
  sort -g | awk -v f="${1:-%.2f}" '{ v[NR] = $1 }
    END { printf f " " f " " f "\n", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[1], v[NR] }'
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
have_kvm=no
if [ -r /dev/kvm ] && [ -w /dev/kvm ]; then have_kvm=yes; fi

echo "host: $(uname -r), $(nproc) CPUs, load $(cut -d' ' -f1 /proc/loadavg); $runs runs"
speed=$("$skiff" check | sed -n 's/.*kernel code *\(.* instructions\/s\).*/\1/p')
echo "its KVM runs kernel code at: ${speed:-unknown}"

# 128 MiB, no devices but the default ones. -cpu: some nested hosts' KVM lacks the MSR behind arch-capabilities.
qemu_microvm=
if command -v qemu-system-x86_64 >/dev/null; then
  qemu_microvm="qemu-system-x86_64 -M microvm,x-option-roms=off -accel kvm -cpu host,-arch-capabilities -m 128
    -nodefaults -no-user-config -display none -no-reboot -serial stdio"
fi

if wanted start; then
  head_line "exec to the first byte of hello [ms]"
  if [ $have_kvm = no ]; then
    problem "no /dev/kvm"
  else
    contenders=(yardstick "$yardstick $guests/hello" skiff "$skiff run $root/configs/hello.toml --kernel $guests/hello")
    if [ -n "$qemu_microvm" ] && "$build/tests/bench/first_byte" -n 1 qemu "$qemu_microvm -kernel $guests/hello" >/dev/null 2>&1; then
      contenders+=(qemu-microvm "$qemu_microvm -kernel $guests/hello")
    fi
    if "$build/tests/bench/first_byte" -n $((4 * runs)) "${contenders[@]}" >"$work/start"; then
      while read -r name min median max times; do
        row "$name" "$median" "$min" "$max" "$times"
      done < <(tail -n +2 "$work/start")
      read -r _ _ median _ times < <(grep '^skiff ' "$work/start")
      target "skiff" "$median" 3 " ms"
      target "skiff to yardstick" "$times" 1.5 " x"
    else
      problem "a contender failed"
    fi
  fi
fi

# own_memory COMMAND...: starts it with the guest `idle` and prints own-memory.awk's numbers once the guest sleeps.
own_memory() {
  : >"$work/idle"
  "$@" >"$work/idle" 2>/dev/null </dev/null &
  background=$!
  local tries=0
  until grep -qs sleeping "$work/idle"; do
    sleep 0.1
    tries=$((tries + 1))
    if [ $tries -gt 200 ] || ! kill -0 $background 2>/dev/null; then return 1; fi
  done
  sleep 0.3
  awk -f "$here/own-memory.awk" "/proc/$background/smaps"
  kill -9 $background
  wait $background 2>/dev/null || true
  background=
}
memory_rows() { # memory_rows NAME FILE [LIMIT]
  local values
  read -ra values < <(cut -d' ' -f1 "$2" | awk '{ print $1 / 1024 }' | summary)
  row "$1: PSS" "${values[@]}"
  [ -z "${3:-}" ] || target "$1" "${values[0]}" "$3" " MiB"
  read -ra values < <(cut -d' ' -f2 "$2" | awk '{ print $1 / 1024 }' | summary)
  row "$1: RSS" "${values[@]}"
  read -ra values < <(cut -d' ' -f3 "$2" | awk '{ print $1 / 1024 }' | summary)
  row "$1: guest RAM (not counted)" "${values[@]}"
}

if wanted memory; then
  head_line "memory of its own, guest RAM apart [MiB]"
  if [ $have_kvm = no ]; then
    problem "no /dev/kvm"
  else
    for _ in $(seq "$runs"); do
      own_memory "$skiff" run --kernel "$guests/idle" --memory 128M >>"$work/idle.skiff" || { problem "skiff with idle"; break; }
    done
    memory_rows "skiff, idle" "$work/idle.skiff" 3
    if [ -n "$qemu_microvm" ]; then
      # shellcheck disable=SC2086
      if own_memory $qemu_microvm -kernel "$guests/idle" >"$work/idle.qemu"; then
        memory_rows "qemu-microvm, idle" "$work/idle.qemu"
      fi
    fi
  fi
fi

if wanted exits; then
  head_line "a port write nobody claims [TSC cycles]"
  if [ $have_kvm = no ]; then
    problem "no /dev/kvm"
  else
    # The same program does the same instructions under both, and they take turns. A burst of 500 writes (a few ms) mostly
    # fits into one time slice; of 12 bursts the fastest counts as the run, for the others measure who else uses the machine.
    per_write() { sed -n 's/.*ring=0 .*per_write=\([0-9]*\).*/\1/p'; }
    command_line="ring=0 n=500"
    for run in $(seq 0 "$runs"); do
      for _ in $(seq 12); do
        "$skiff" run --kernel "$guests/port-loop" --cmdline "$command_line" --memory 128M --no-input | per_write >>"$work/burst.skiff"
        "$yardstick" "$guests/port-loop" "$command_line" | per_write >>"$work/burst.yardstick"
      done
      for name in skiff yardstick; do
        [ "$run" = 0 ] || sort -n "$work/burst.$name" | head -n 1 >>"$work/exits.$name"
        rm "$work/burst.$name"
      done
    done
    paste "$work/exits.skiff" "$work/exits.yardstick" | awk '{ print $1 / $2 }' >"$work/exits.ratio"
    read -ra bare < <(summary %.0f <"$work/exits.yardstick")
    read -ra ours < <(summary %.0f <"$work/exits.skiff")
    read -ra pairs < <(summary %.3f <"$work/exits.ratio")
    row yardstick "${bare[@]}" 1.00
    row skiff "${ours[@]}" "$(ratio "${ours[0]}" "${bare[0]}")"
    row "skiff to yardstick, pair by pair" "${pairs[@]}"
    target "skiff to yardstick, median of the pairs" "${pairs[0]}" 1.03 " x"
  fi
fi

in_lab_memory() {
  local share=$work/share
  mkdir -p "$share"
  cp "$here/own-memory.awk" "$here/inside/linux-memory.sh" "$share/"
  "$root/tests/lab/bundle.sh" "$share" "$skiff" "$build/tests/lab/lab-expect"
  [ "${skiff##*/}" = skiff ] || mv "$share/rootfs/bin/${skiff##*/}" "$share/rootfs/bin/skiff"
  "$root/tests/lab/run.sh" --timeout 150 "$share" linux-memory.sh && [ -s "$share/linux-memory" ]
}

if wanted boot; then
  head_line "exec to the first line of /init, lab [ms]"
  if "$root/tests/lab/bench-boot.sh" --runs "$runs" --build "$build" --skiff "$skiff" >"$work/boot" 2>"$work/boot.log"; then
    value() { awk -v name="$1" -v field="$2" '$1 == name { print $field }' "$work/boot"; }
    for name in qemu-vmlinux skiff-vmlinux skiff-bzimage; do
      row "$name" "$(value $name 3)" "$(value $name 6)" "$(value $name 9)" "$(value $name 11)"
    done
    target "skiff vmlinux to QEMU q35" "$(value skiff-vmlinux 11)" 0.5 " x"
    target "skiff bzImage (auto) to vmlinux" "$(ratio "$(value skiff-bzimage 3)" "$(value skiff-vmlinux 3)")" 1.1 " x"
  else
    problem "the lab failed:"
    tail -n 5 "$work/boot.log" "$work/boot"
  fi
fi
if wanted memory && wanted boot; then
  head_line "memory of its own at a Linux prompt, lab [MiB]"
  if in_lab_memory >"$work/prompt.log" 2>&1; then
    memory_rows "skiff, Debian prompt" "$work/share/linux-memory" 6
  else
    problem "the lab failed:"
    tail -n 5 "$work/prompt.log"
  fi
fi
exit $failed
