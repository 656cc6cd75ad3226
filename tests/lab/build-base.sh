#!/bin/sh
# Builds what the lab's machine (L1) boots: Debian's generic kernel and an initramfs with KVM and 9p.
#
#   build-base.sh     prints nothing on success; leaves kernel/ and base.cpio.gz under the cache directory
#
# SKIFF_LAB_ARCH    x86_64 (default) or aarch64: then base-arm64.cpio.gz, with a busybox fetched beside the system's, and
#                   lab-exit, which needs the cross compiler
#
# The cloud kernel will not do: it has neither 9p nor /dev/port.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cache.sh"

"$root/guest/fetch-kernel.sh" generic $deb_arch "$cache/kernel/generic-$deb_arch" 2>"$cache/fetch.log" ||
  { cat "$cache/fetch.log" >&2; exit 1; }

[ "$lab_arch" = x86_64 ] || "$here/fetch-busybox.sh" 2>>"$cache/fetch.log" || { cat "$cache/fetch.log" >&2; exit 1; }

# shellcheck disable=SC2012
newest=$(ls -t "$here/base/init" "$here/base/modules" "$here/base/lab-exit.S" "$root/guest/initramfs/build.sh" \
  "$cache/kernel/generic-$deb_arch/package" "$base" 2>/dev/null | head -n 1)
[ "$newest" != "$base" ] || exit 0
extra=$(mktemp -d)
trap 'rm -rf "$extra"' EXIT
install -m 755 "$here/base/init" "$extra/init"
if [ "$lab_arch" = aarch64 ]; then
  BUSYBOX=$cache/busybox-arm64
  export BUSYBOX
  mkdir -p "$extra/sbin"
  aarch64-linux-gnu-gcc -nostdlib -static -o "$extra/sbin/lab-exit" "$here/base/lab-exit.S"
fi
MODULES="$here/base/modules" EXTRA="$extra" "$root/guest/initramfs/build.sh" "$base" "$cache/kernel/generic-$deb_arch"
