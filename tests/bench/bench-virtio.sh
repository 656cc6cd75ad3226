#!/bin/bash
# virtio in the lab, Skiff against QEMU with the same guest in one run (docs/benchmark-virtio.md).
#
#   bench-virtio.sh BUILD_DIR [PART...]     parts: block net user; all by default
#
# BENCH_RUNS        runs of each (5)
# BENCH_SECONDS     for which each number is measured (3)
# BENCH_SKIFF       another Skiff than BUILD_DIR/skiff
# BENCH_CONTENDERS  "skiff qemu"; one of them alone, for a quick look
#
# A target that is not reached is said and is no failure: the status is that of the measuring.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ $# -ge 1 ] || { sed -n '4p' "$0" | sed 's/^# *//' >&2; exit 2; }
build=$(cd "$1" && pwd)
shift
parts=${*:-block net user}
skiff=${BENCH_SKIFF:-$build/skiff}
runs=${BENCH_RUNS:-5}
for needed in "$skiff" "$build/tests/bench/net-rr" "$build/tests/lab/lab-expect" "$build/tests/lab/lab-dns"; do
  [ -x "$needed" ] || { echo "bench: $needed is not there: \`make bench\` builds it" >&2; exit 2; }
done
lab=$root/tests/lab
# shellcheck source=tests/lab/cache.sh
. "$lab/cache.sh"
"$lab/qemu.sh" --prepare >/dev/null
"$root/guest/fetch-kernel.sh" cloud amd64 "$cache/kernel/cloud-amd64" 2>/dev/null
mkdir -p "$cache/initramfs"
"$root/guest/initramfs/build.sh" "$cache/initramfs/cloud.cpio.gz" "$cache/kernel/cloud-amd64"
"$lab/build-root-disk.sh" 2>/dev/null
"$root/guest/root-disk/build.sh" "$cache/root-disk/bench.ext4" "$cache/programs/guest" "$build/tests/bench/net-rr"

share=$(mktemp -d)
trap 'rm -rf "$share"' EXIT
cp -r "$lab/inside" "$share/"
cp "$here/inside/virtio.sh" "$share/"
printf 'runs=%s seconds=%s parts="%s" contenders="%s"\n' "$runs" "${BENCH_SECONDS:-3}" "$parts" \
  "${BENCH_CONTENDERS:-skiff qemu}" >"$share/settings"
"$lab/bundle.sh" "$share" "$skiff" "$build/tests/lab/lab-expect" "$build/tests/lab/lab-dns" "$build/tests/bench/net-rr"
[ "${skiff##*/}" = skiff ] || mv "$share/rootfs/bin/${skiff##*/}" "$share/rootfs/bin/skiff"
"$lab/bundle-qemu.sh" "$share"
cp -an "$cache/programs/host/root/." "$share/rootfs/" || true

status=0
"$lab/run.sh" --cpus 2 --memory 3000 --timeout $((120 + runs * 900)) "$share" virtio.sh >"$share/log" 2>&1 || status=$?
[ -z "${BENCH_VERBOSE:-}" ] || cat "$share/log"
[ $status = 0 ] || { echo "bench: the lab failed:"; tail -n 15 "$share/log"; }

# Of numbers, one a line: median, min, max.
summary() {
  sort -g "$1" | awk '{ v[NR] = $1 }
    END { printf "%.0f %.0f %.0f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[1], v[NR] }'
}
printf '\n%-40s %8s %8s %8s  %8s %8s %8s  %6s  %s\n' "virtio in the lab, $runs runs" skiff min max qemu min max ratio target
while read -r name target text; do
  ours=$share/results/skiff.$name theirs=$share/results/qemu.$name
  [ -s "$ours" ] || [ -s "$theirs" ] || continue
  a='- - -' b='- - -'
  [ ! -s "$ours" ] || a=$(summary "$ours")
  [ ! -s "$theirs" ] || b=$(summary "$theirs")
  # shellcheck disable=SC2086
  awk -v text="$text" -v target="$target" -v a="$a" -v b="$b" 'BEGIN {
    split(a, ours); split(b, theirs)
    ratio = theirs[1] > 0 ? ours[1] / theirs[1] : 0
    verdict = target == "-" ? "" : sprintf("%s: %s", target, ratio >= target ? "reached" : "NOT reached")
    printf "  %-38s %8s %8s %8s  %8s %8s %8s  %6.2f  %s\n", text, ours[1], ours[2], ours[3], theirs[1], theirs[2], theirs[3],
      ratio, verdict
  }'
done <<'NAMES'
blk-4k-1-read 1.1 disk, 4 KiB read, depth 1 [IOPS]
blk-4k-32-read 1.6 disk, 4 KiB read, depth 32 [IOPS]
blk-4k-32-write 1.6 disk, 4 KiB write, depth 32 [IOPS]
blk-64k-4-read 1.5 disk, 64 KiB read, depth 4 [IOPS]
tap-send 1.3 tap, one TCP stream sending [Mbit/s]
tap-receive 1.1 tap, one TCP stream receiving [Mbit/s]
tap-rr 1.3 tap, one-byte request and response [1/s]
user-send 10 user networking, sending [Mbit/s]
user-receive - user networking, receiving [Mbit/s]
user-rr - user networking, request and response [1/s]
NAMES
exit $status
