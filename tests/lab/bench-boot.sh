#!/bin/sh
# Time from the exec of the VMM to the first line of /init, Skiff against QEMU (the system's, q35; on arm64 Debian's, virt) with
# the same files in one run of the lab's machine.
#
#   bench-boot.sh [--arch x86_64|aarch64] [--runs N] [--build DIR] [--skiff PATH] [--expect PATH]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cache.sh"
runs=10 build='' skiff='' expect=''
while [ $# -gt 0 ]; do
  case $1 in
    --arch) use_architecture "$2"; shift 2 ;;
    --runs) runs=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    --skiff) skiff=$2; shift 2 ;;
    --expect) expect=$2; shift 2 ;;
    *) sed -n '5p' "$0" >&2; exit 2 ;;
  esac
done
[ -n "$build" ] || case $lab_arch in
  x86_64) build=$root/build ;;
  *) build=$root/build-$lab_arch ;;
esac
"$here/qemu.sh" --prepare "$lab_arch" >/dev/null
"$here/build-base.sh"
"$root/guest/fetch-kernel.sh" cloud $deb_arch "$cache/kernel/cloud-$deb_arch"
mkdir -p "$cache/initramfs"
[ "$lab_arch" = x86_64 ] || export BUSYBOX="$cache/busybox-$deb_arch"
"$root/guest/initramfs/build.sh" "$cache/initramfs/cloud$initramfs_suffix.cpio.gz" "$cache/kernel/cloud-$deb_arch"
share=$(mktemp -d)
trap 'rm -rf "$share"' EXIT
cp -r "$here/inside" "$here/consoles" "$share/"
echo "$runs" >"$share/runs"
echo "deb_arch=$deb_arch initramfs_suffix=$initramfs_suffix guest_console=$guest_console" >"$share/arch"
skiff=${skiff:-$build/skiff}
"$here/bundle.sh" "$share" "$skiff" "${expect:-$build/tests/lab/lab-expect}"
# Whatever the program is called here, the benchmark calls it skiff.
[ "${skiff##*/}" = skiff ] || mv "$share/rootfs/bin/${skiff##*/}" "$share/rootfs/bin/skiff"
"$here/bundle-qemu.sh" "$share"
"$here/run.sh" --timeout $((120 + 40 * runs)) "$share" inside/bench-boot.sh
