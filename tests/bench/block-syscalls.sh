#!/bin/bash
# System calls of Skiff's I/O thread for each request to a virtio disk, on this host's /dev/kvm, with the guest virtio-bench:
# the difference between a long and a short run, so that what starting costs is not in it.
#
#   block-syscalls.sh BUILD_DIR [WORD...]     words for every run, as `skiff run` takes them: --set disk.0.direct=true
#
# BENCH_SKIFF  another Skiff than BUILD_DIR/skiff
set -euo pipefail
[ $# -ge 1 ] || { sed -n '5p' "$0" | sed 's/^# *//' >&2; exit 2; }
build=$(cd "$1" && pwd)
shift
skiff=${BENCH_SKIFF:-$build/skiff}
command -v strace >/dev/null || { echo "bench: no strace: the system calls are not counted" >&2; exit 0; }
[ -w /dev/kvm ] || { echo "bench: no /dev/kvm: the system calls are not counted" >&2; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
truncate -s 64M "$work/disk"
cat >"$work/vm.toml" <<TOML
[machine]
memory = "64M"
[boot]
kernel = "$build/guest/virtio-bench"
[[disk]]
path = "$work/disk"
TOML

# calls DEPTH REQUESTS WORD...: of the thread that waits in io_uring or epoll: "count name" lines; the guest's line to stderr.
calls() {
  local depth=$1 requests=$2
  shift 2
  rm -f "$work"/trace.*
  # Not the vCPU's KVM_RUN: stopped at each, it would wait more than it works.
  strace -ff --seccomp-bpf -e trace='!ioctl' -o "$work/trace" "$skiff" run "$work/vm.toml" --no-input \
    --cmdline "op=read bytes=4096 depth=$depth requests=$requests irq=poll" "$@" >"$work/out" 2>&1 ||
    { cat "$work/out" >&2; return 1; }
  grep -h 'virtio-bench: read' "$work/out" >&2 || true
  local thread
  thread=$(grep -lE 'PR_SET_NAME, "[^"]*io[0-9]+"' "$work"/trace.* | head -n 1) || true
  [ -n "$thread" ] || { echo "no I/O thread found" >&2; return 1; }
  sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' "$thread" | sort | uniq -c
}
for depth in 1 32; do
  short=500 long=4500
  [ $depth = 1 ] || { short=2000 long=34000; }
  calls $depth $short "$@" 2>"$work/said" >"$work/short" || { cat "$work/said"; exit 1; }
  calls $depth $long "$@" 2>"$work/said" >"$work/long"
  sed 's/^/  /' "$work/said"
  awk -v n=$((long - short)) -v depth=$depth -v target="$([ $depth = 1 ] && echo 3 || echo 0.5)" '
    FNR == NR { before[$2] = $1; next }
    { each = ($1 - before[$2]) / n; sum += each; if (each > 0.001) list = list sprintf(" %s %.3f", $2, each) }
    END {
      printf "  I/O thread, depth %d: %.3f system calls a request (%s )\n", depth, sum, list
      printf "  -> target: at most %s: %s\n", target, sum <= target ? "reached" : "NOT reached"
    }' "$work/short" "$work/long"
done
