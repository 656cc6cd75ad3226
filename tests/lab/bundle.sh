#!/bin/sh
# Copies programs with the shared libraries they are linked to into DIR/rootfs, each library at its own path, so that they
# run in the lab's machine, which has nothing but busybox.
#
#   bundle.sh DIR PROGRAM...
set -eu
[ $# -ge 2 ] || { sed -n '5p' "$0" >&2; exit 2; }
rootfs=$1/rootfs
shift
mkdir -p "$rootfs/bin"
for program in "$@"; do
  [ -x "$program" ] || { echo "bundle: $program is no program" >&2; exit 1; }
  cp -L "$program" "$rootfs/bin/"
  # A program of another architecture: its libraries are the cross compiler's, at the places Debian gives them there.
  if [ "$(od -An -j 18 -N 2 -t x1 "$program" | tr -d ' ')" = b700 ] && [ "$(uname -m)" != aarch64 ]; then
    from=/usr/aarch64-linux-gnu/lib
    readelf -d "$program" | grep -q NEEDED || continue
    mkdir -p "$rootfs/lib/aarch64-linux-gnu"
    cp -L $from/ld-linux-aarch64.so.1 "$rootfs/lib/"
    for library in libc.so.6 libm.so.6 libgcc_s.so.1 libstdc++.so.6; do
      [ -e "$rootfs/lib/aarch64-linux-gnu/$library" ] || cp -L "$from/$library" "$rootfs/lib/aarch64-linux-gnu/"
    done
    continue
  fi
  # Lines of ldd: "name => path (address)" or, for the loader, "path (address)". None for a static program.
  ldd "$program" 2>/dev/null | sed -n 's/^.*=> \(\/[^ ]*\) (.*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' |
    while read -r library; do
      [ -e "$rootfs$library" ] && continue
      mkdir -p "$rootfs${library%/*}"
      cp -L "$library" "$rootfs$library"
    done
done
