#!/bin/sh
# Copies the system's QEMU with its libraries and firmware into DIR/rootfs, as a VMM for the lab's machine to compare with.
#
#   bundle-qemu.sh DIR
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
qemu=$(command -v qemu-system-x86_64) || { echo "bundle: no qemu-system-x86_64 to compare with" >&2; exit 1; }
"$here/bundle.sh" "$out" "$qemu"
mkdir -p "$out/rootfs/usr/share/qemu"
cp -rL /usr/share/seabios "$out/rootfs/usr/share/"
# Links among them may point to packages that are not there.
cp -L /usr/share/qemu/*.bin "$out/rootfs/usr/share/qemu/" 2>/dev/null || true
