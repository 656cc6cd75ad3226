#!/bin/bash
# virtio-blk on this host's /dev/kvm, Skiff against QEMU (q35, iothread, io_uring): the same guest program, virtio-bench, the
# same file, in turns (docs/benchmark-virtio.md).
#
#   bench-block-host.sh BUILD_DIR [DIRECTORY]     DIRECTORY holds the disk's file: /dev/shm (memory) and /var/tmp by default
#
# BENCH_RUNS      runs of each (5)
# BENCH_REQUESTS  requests of each cell (20000)
# BENCH_SKIFF     another Skiff than BUILD_DIR/skiff
#
# A target that is not reached is said and is no failure: the status is that of the measuring.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '5p' "$0" | sed 's/^# *//' >&2; exit 2; }
build=$(cd "$1" && pwd)
shift
directories=${*:-/dev/shm /var/tmp}
skiff=${BENCH_SKIFF:-$build/skiff} guest=$build/guest/virtio-bench runs=${BENCH_RUNS:-5} requests=${BENCH_REQUESTS:-20000}
[ -w /dev/kvm ] || { echo "bench: no /dev/kvm: virtio-blk is not measured on this host" >&2; exit 0; }
command -v qemu-system-x86_64 >/dev/null || { echo "bench: no QEMU to compare with" >&2; exit 0; }
work=$(mktemp -d)
disk=
trap 'rm -rf "$work" ${disk:+"$disk"}' EXIT
# O_DIRECT where the file system has it, so that the page cache is measured for neither.
direct=true cache=none
probe_direct() {
  dd if="$disk" of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null && { direct=true cache=none; return; }
  direct=false cache=writeback
}

# start CONTENDER WORDS: one guest; its lines on stdout, the process's time in $work/time.
start() {
  local TIMEFORMAT='%U %S'
  case $1 in
    skiff) { time "$skiff" run "$work/vm.toml" --no-input --cmdline "$2" 2>"$work/err"; } 2>"$work/time" ;;
    qemu)
      # -cpu: QEMU insists on an MSR that page-table-based KVMs lack.
      { time qemu-system-x86_64 -M q35 -accel kvm -cpu host,-arch-capabilities -m 64 -nodefaults -no-user-config \
        -display none -no-reboot -serial stdio -kernel "$guest" -append "$2" -object iothread,id=io0 \
        -drive "if=none,id=d,file=$disk,format=raw,aio=io_uring,cache=$cache" \
        -device virtio-blk-pci,drive=d,iothread=io0,disable-legacy=on \
        -device isa-debug-exit,iobase=0xf4,iosize=4 </dev/null 2>"$work/err"; } 2>"$work/time" || true ;;
  esac
}
cells() { # cells CONTENDER: requests a second of each
  start "$1" "requests=$requests irq=poll" | tr -d '\r' |
    sed -n 's/^virtio-bench: \(read\|write\) bytes=\([0-9]*\) depth=\([0-9]*\) .* rps=\([0-9]*\) .*/\1-\2-\3 \4/p' |
    while read -r name value; do echo "$value" >>"$work/$1.$name"; done
}
# Processor time of the whole process a request [ns]: a long run less a short one, so that starting is not in it. The
# guest sleeps when it waits.
processor() { # processor CONTENDER DEPTH
  local words="op=read bytes=4096 depth=$2 irq=msix requests=" short=$((requests / 10)) before after
  start "$1" "$words$short" >/dev/null
  before=$(awk '{ print $1 + $2 }' "$work/time")
  start "$1" "$words$((short + requests))" >/dev/null
  after=$(awk '{ print $1 + $2 }' "$work/time")
  awk -v a="$before" -v b="$after" -v n="$requests" 'BEGIN { printf "%.0f\n", (b - a) * 1e9 / n }' >>"$work/$1.cpu-$2"
}
median() { sort -g "$1" | awk '{ v[NR] = $1 } END { printf "%.0f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }
spread() { sort -g "$1" | awk '{ v[NR] = $1 } END { printf "%s-%s", v[1], v[NR] }'; }
row() { # row NAME TEXT more|less
  [ -s "$work/skiff.$1" ] && [ -s "$work/qemu.$1" ] || { printf '  %-34s not measured\n' "$2"; return; }
  awk -v text="$2" -v better="$3" -v a="$(median "$work/skiff.$1")" -v b="$(median "$work/qemu.$1")" \
    -v sa="$(spread "$work/skiff.$1")" -v sb="$(spread "$work/qemu.$1")" 'BEGIN {
      ratio = b > 0 ? a / b : 0
      good = better == "more" ? ratio >= 1 : ratio <= 1
      printf "  %-34s %8s %17s  %8s %17s  %6.2f  %s\n", text, a, sa, b, sb, ratio, good ? "reached" : "NOT reached"
    }'
}

for directory in $directories; do
  disk=$(mktemp "$directory/skiff-bench-XXXXXX")
  dd if=/dev/zero of="$disk" bs=1M count=64 2>/dev/null
  probe_direct
  cat >"$work/vm.toml" <<TOML
[machine]
memory = "64M"
[boot]
kernel = "$guest"
[[disk]]
path = "$disk"
direct = $direct
TOML
  rm -f "$work"/skiff.* "$work"/qemu.*
  for run in $(seq "$runs"); do
    # Who goes first takes turns too.
    if [ $((run % 2)) = 1 ]; then order="skiff qemu"; else order="qemu skiff"; fi
    for contender in $order; do
      echo "bench: $directory: run $run of $runs, $contender" >&2
      cells "$contender"
      processor "$contender" 1
      processor "$contender" 32
    done
  done
  printf '\n%-36s %8s %17s  %8s %17s  %6s  %s\n' "virtio-blk here, $directory, $runs runs" skiff 'min-max' qemu 'min-max' ratio 'target: QEMU'
  for operation in read write; do
    for bytes in 4096 65536; do
      for depth in 1 4 32; do
        row "$operation-$bytes-$depth" "$operation $bytes B, depth $depth [1/s]" more
      done
    done
  done
  row cpu-1 "CPU, read 4096 B, depth 1 [ns]" less
  row cpu-32 "CPU, read 4096 B, depth 32 [ns]" less
  rm -f "$disk"
  disk=
done
