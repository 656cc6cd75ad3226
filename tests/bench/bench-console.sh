#!/bin/bash
# What goes through a console between a guest and `skiff console`, on this host's /dev/kvm (docs/console.md).
#
#   bench-console.sh BUILD_DIR
#
# BENCH_RUNS   runs of each (5)
# BENCH_SKIFF  another Skiff than BUILD_DIR/skiff
#
# Every byte is counted, or its checksum compared; the guest's loops run at CPL 3. A target that is not reached is said and is no
# failure: the status is that of the measuring.
set -euo pipefail
[ $# = 1 ] || { sed -n '4p' "$0" | sed 's/^# *//' >&2; exit 2; }
build=$(cd "$1" && pwd)
skiff=${BENCH_SKIFF:-$build/skiff}
runs=${BENCH_RUNS:-5}
for needed in "$skiff" "$build/guest/virtio-stream" "$build/guest/flood"; do
  [ -x "$needed" ] || { echo "bench: $needed is not there: \`make bench\` builds it" >&2; exit 2; }
done
if ! { [ -r /dev/kvm ] && [ -w /dev/kvm ]; }; then
  echo "bench: no use of /dev/kvm: the console is not measured"
  exit 0
fi
work=$(mktemp -d)
export XDG_RUNTIME_DIR=$work
# shellcheck disable=SC2317
clean_up() {
  "$skiff" stop --force vm >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

start() { # start GUEST CMDLINE OPTION...
  "$skiff" run --detach --name vm --kernel "$build/guest/$1" --memory 32M --cmdline "$2" "${@:3}" >/dev/null
}
virtio=(--set virtio_console.0.target=console --set serial.0.target=null)
rate() { awk -v bytes="$1" -v ns="$2" 'BEGIN { printf "%.2f\n", bytes * 1000 / ns }'; }
wrong() { echo "bench: $*" >&2; exit 1; }

# Of an attach with input "g" to the end of the VM; the guest begins when it has read that.
send() { # send MIB IRQ
  local begun got
  start virtio-stream "send=$1 irq=$2" "${virtio[@]}"
  begun=$(date +%s%N)
  got=$(printf g | "$skiff" console --no-replay vm | wc -c)
  local took=$(($(date +%s%N) - begun))
  [ "$got" = $(($1 << 20)) ] || wrong "$got of $(($1 << 20)) bytes came"
  rate "$got" $took
}
receive() { # receive BYTES IRQ
  local begun said
  start virtio-stream "receive=$1 irq=$2" "${virtio[@]}"
  begun=$(date +%s%N)
  said=$({ printf g; cat "$work/input"; } | "$skiff" console --no-replay vm)
  local took=$(($(date +%s%N) - begun))
  [ "$said" = "received $1 bytes, cksum $sum" ] || wrong "\"$said\" instead of cksum $sum"
  rate "$1" $took
}
# A 16550 has no one to wait for at the start: from start to end, of a VM whose start takes some milliseconds.
serial() { # serial KIB
  local begun got
  begun=$(date +%s%N)
  start flood "kb=$1"
  got=$("$skiff" console vm </dev/null | wc -c)
  local took=$(($(date +%s%N) - begun))
  [ "$got" -ge $(($1 << 10)) ] || wrong "$got of $(($1 << 10)) bytes came"
  rate "$got" $took
}

printf '\n%-52s %9s %9s %9s\n' "console [MB/s], $runs runs" median min max
measure() { # measure TEXT TARGET COMMAND...
  for _ in $(seq "$runs"); do "${@:3}"; done >"$work/numbers"
  sort -g "$work/numbers" | awk -v text="$1" -v target="$2" '{ v[NR] = $1 }
    END {
      median = (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2
      printf "  %-50s %9.2f %9.2f %9.2f", text, median, v[1], v[NR]
      if (target != "-") printf "  target %s: %s", target, (median >= target ? "reached" : "NOT reached")
      print ""
    }'
}
readonly most=100000000
head -c $most /dev/urandom >"$work/input"
sum=$(cksum <"$work/input" | cut -d' ' -f1)
measure "virtio-console to a viewer, guest sleeps (MSI-X)" 200 send 512 msix
measure "virtio-console to a viewer, guest polls" 200 send 512 poll
measure "viewer to virtio-console, 100 MB, checksum right" - receive $most msix
measure "16550 to a viewer" - serial 512
