#!/bin/sh
# Copies the system's QEMU with its libraries and firmware into DIR/rootfs, as a VMM for the lab's machine to compare with; for an
# arm64 machine (SKIFF_LAB_ARCH) Debian's, fetched beside the system.
#
#   bundle-qemu.sh DIR
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cache.sh"
out=$1
if [ "$lab_arch" = aarch64 ]; then
  "$here/fetch-qemu-arm64.sh"
  mkdir -p "$out/rootfs"
  # What is there already stays: the C library must be that of the loader beside it.
  cp -an "$cache/qemu-arm64/root/." "$out/rootfs/"
  exit 0
fi
qemu=$(command -v qemu-system-x86_64) || { echo "bundle: no qemu-system-x86_64 to compare with" >&2; exit 1; }
"$here/bundle.sh" "$out" "$qemu"
mkdir -p "$out/rootfs/usr/share/qemu"
cp -rL /usr/share/seabios "$out/rootfs/usr/share/"
# Links among them may point to packages that are not there.
cp -L /usr/share/qemu/*.bin "$out/rootfs/usr/share/qemu/" 2>/dev/null || true
