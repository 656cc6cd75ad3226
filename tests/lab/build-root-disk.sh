#!/bin/sh
# Builds the guest's root disk and what the lab's machine needs to serve it, under the cache directory: root-disk/root.ext4,
# programs/guest, programs/host; those of arm64 (SKIFF_LAB_ARCH) have -arm64 in their names. Does nothing if all are there and newer than what they are made of.
#
#   build-root-disk.sh [PROGRAM...]    static programs of ours to put on it, too
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cache.sh"
disk=$cache/root-disk/root$initramfs_suffix.ext4
exec 9>"$cache/root-disk.lock"
! command -v flock >/dev/null || flock 9
for side in guest host; do
  "$root/guest/fetch-programs.sh" $side "$cache/programs/$side$initramfs_suffix" $deb_arch
done
if [ "$lab_arch" != x86_64 ]; then
  # The file system is made here, by programs of this machine.
  "$root/guest/fetch-programs.sh" host "$cache/programs/host" amd64
  MKFS_PROGRAMS=$cache/programs/host BUSYBOX=$cache/busybox-$deb_arch
  export MKFS_PROGRAMS BUSYBOX
fi
[ ! -e "$disk" ] || [ -n "$(find "$root/guest/root-disk" "$root/guest/initramfs" "$cache/programs/guest$initramfs_suffix/packages" "$@" \
  -newer "$disk" | head -n 1)" ] || exit 0
"$root/guest/root-disk/build.sh" "$disk" "$cache/programs/guest$initramfs_suffix" "$@"
