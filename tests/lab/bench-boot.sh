#!/bin/sh
# Time from the exec of the VMM to the first line of /init, Skiff against QEMU (the system's, q35) with the same files in one
# run of the lab's machine.
#
#   bench-boot.sh [--runs N] [--build DIR] [--skiff PATH] [--expect PATH]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cache.sh"
runs=10 build=$root/build skiff='' expect=''
while [ $# -gt 0 ]; do
  case $1 in
    --runs) runs=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    --skiff) skiff=$2; shift 2 ;;
    --expect) expect=$2; shift 2 ;;
    *) sed -n '5p' "$0" >&2; exit 2 ;;
  esac
done
"$here/qemu.sh" --prepare >/dev/null
"$root/guest/fetch-kernel.sh" cloud amd64 "$cache/kernel/cloud-amd64"
mkdir -p "$cache/initramfs"
"$root/guest/initramfs/build.sh" "$cache/initramfs/cloud.cpio.gz" "$cache/kernel/cloud-amd64"
share=$(mktemp -d)
trap 'rm -rf "$share"' EXIT
cp -r "$here/inside" "$here/consoles" "$share/"
echo "$runs" >"$share/runs"
skiff=${skiff:-$build/skiff}
"$here/bundle.sh" "$share" "$skiff" "${expect:-$build/tests/lab/lab-expect}"
# Whatever the program is called here, the benchmark calls it skiff.
[ "${skiff##*/}" = skiff ] || mv "$share/rootfs/bin/${skiff##*/}" "$share/rootfs/bin/skiff"
"$here/bundle-qemu.sh" "$share"
"$here/run.sh" --timeout $((120 + 40 * runs)) "$share" inside/bench-boot.sh
