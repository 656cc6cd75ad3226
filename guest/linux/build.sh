#!/bin/sh
# Builds the initramfs of `skiff bench linux`: that of guest/initramfs, with bench-linux and Debian's fio.
#
#   build.sh OUTPUT.cpio.gz KERNEL_DIR PROGRAMS BENCH_LINUX
#
# KERNEL_DIR   what guest/fetch-kernel.sh leaves; its flavour "generic" has the drivers of all faces, "cloud" no ata_piix and e1000
# PROGRAMS     what guest/fetch-programs.sh leaves for guests
# BENCH_LINUX  the program, as the build leaves it: build/guest/bench-linux
# Where `skiff bench linux` is not told of an initramfs, it takes KERNEL_DIR/bench.cpio.gz.
set -eu

[ $# = 4 ] || { sed -n '4p' "$0" | sed 's/^# *//' >&2; exit 2; }
output=$1 kernel=$2 programs=$3/root bench=$4
here=$(cd "$(dirname "$0")" && pwd)
[ -x "$programs/bin/fio" ] || { echo "bench initramfs: $programs has no bin/fio: fill it with guest/fetch-programs.sh guest" >&2; exit 1; }
[ -x "$bench" ] || { echo "bench initramfs: $bench is not there: build the target guest_programs" >&2; exit 1; }

extra=$(mktemp -d)
trap 'rm -rf "$extra"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$extra/bin"
cp "$programs/bin/fio" "$bench" "$extra/bin/"
# Of the libraries too, what fio wants and what that wants.
find "$programs/lib" -name '*.so*' >"$extra/libraries"
take() {
  for needed in $(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
    from=$(grep "/$needed\$" "$extra/libraries" | head -n 1)
    to=$extra/${from#"$programs"/}
    [ -n "$from" ] && [ ! -e "$to" ] || continue
    mkdir -p "${to%/*}"
    cp "$from" "$to"
    take "$to"
  done
}
take "$programs/bin/fio"
rm "$extra/libraries"
cp -r "$programs/lib64" "$extra/"
EXTRA=$extra "$here/../initramfs/build.sh" "$output" "$kernel"
