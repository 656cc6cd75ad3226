#!/bin/sh
# Builds the guest's root disk and what the lab's machine needs to serve it, under the cache directory: root-disk/root.ext4,
# programs/guest, programs/host. Does nothing if all are there and newer than what they are made of.
#
#   build-root-disk.sh [PROGRAM...]    static programs of ours to put on it, too
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cache.sh"
disk=$cache/root-disk/root.ext4
exec 9>"$cache/root-disk.lock"
! command -v flock >/dev/null || flock 9
for side in guest host; do
  "$root/guest/fetch-programs.sh" $side "$cache/programs/$side"
done
[ ! -e "$disk" ] || [ -n "$(find "$root/guest/root-disk" "$root/guest/initramfs" "$cache/programs/guest/packages" "$@" \
  -newer "$disk" | head -n 1)" ] || exit 0
"$root/guest/root-disk/build.sh" "$disk" "$cache/programs/guest" "$@"
