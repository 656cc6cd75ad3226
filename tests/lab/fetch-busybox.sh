#!/bin/sh
# Fetches Debian's static busybox for arm64, unpacked beside the system's: $SKIFF_CACHE/busybox-arm64.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cache.sh"
[ ! -x "$cache/busybox-arm64" ] || exit 0
work=$(mktemp -d "$cache/.busybox.XXXXXX")
trap 'rm -rf "$work"' EXIT
dpkg --print-foreign-architectures | grep -qx arm64 ||
  { echo "arm64 packages are not enabled here: run cmake/install-packages.sh aarch64" >&2; exit 1; }
sandbox=
[ "$(id -u)" != 0 ] || sandbox="-o APT::Sandbox::User=root"
# shellcheck disable=SC2086
(cd "$work" && apt-get download -qq $sandbox busybox-static:arm64)
dpkg-deb -x "$work"/busybox-static_*.deb "$work/root"
found=$(find "$work/root" -type f -path "*bin/busybox" | head -n 1)
[ -n "$found" ] || { echo "Debian's busybox-static has no busybox" >&2; exit 1; }
mv "$found" "$cache/busybox-arm64"
