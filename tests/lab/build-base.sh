#!/bin/sh
# Builds what the lab's machine (L1) boots: Debian's generic kernel and an initramfs with KVM and 9p.
#
#   build-base.sh     prints nothing on success; leaves kernel/ and base.cpio.gz under the cache directory
#
# The cloud kernel will not do: it has neither 9p nor /dev/port.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cache.sh"

"$root/guest/fetch-kernel.sh" generic amd64 "$cache/kernel/generic-amd64" 2>"$cache/fetch.log" ||
  { cat "$cache/fetch.log" >&2; exit 1; }

newest=$(ls -t "$here/base/init" "$here/base/modules" "$root/guest/initramfs/build.sh" \
  "$cache/kernel/generic-amd64/package" "$cache/base.cpio.gz" 2>/dev/null | head -n 1)
[ "$newest" != "$cache/base.cpio.gz" ] || exit 0
extra=$(mktemp -d)
trap 'rm -rf "$extra"' EXIT
install -m 755 "$here/base/init" "$extra/init"
MODULES="$here/base/modules" EXTRA="$extra" "$root/guest/initramfs/build.sh" "$cache/base.cpio.gz" \
  "$cache/kernel/generic-amd64"
