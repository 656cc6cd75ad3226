#!/bin/sh
# Fetches Debian packages of programs that exercise a guest's devices, without installing them, and lays them out as a tree.
#
#   fetch-programs.sh [--refresh] guest|host DIR [amd64|arm64]
#
# guest   for a guest's root disk (guest/root-disk/build.sh): fio, iperf3, mkfs.ext4, e2fsck, rngtest
# host    for the lab's machine, which stands in for a host: passt, libslirp, iperf3, mkfs.ext4
#
# Leaves in DIR: root/ (the programs and the libraries they need), packages (names and versions; written last, it marks a
# complete DIR, which is left alone unless --refresh is given or this script has changed).
#
# Debian's fio links against six network storage systems, 80 MB that take seconds to load in emulation and that nobody here
# uses. Their libraries are replaced by empty ones of the same names and symbols (needs a C compiler for that architecture).
set -eu

say() { echo "fetch-programs: $*" >&2; }
die() { say "$*"; exit 1; }
usage() { sed -n '4p' "$0" | sed 's/^# *//' >&2; exit 2; }

refresh=no
[ "${1:-}" != --refresh ] || { refresh=yes; shift; }
[ $# = 2 ] || [ $# = 3 ] || usage
arch=${3:-amd64}
case $arch in
  amd64) triplet=x86_64-linux-gnu loader=lib64/ld-linux-x86-64.so.2 cc=cc ;;
  arm64) triplet=aarch64-linux-gnu loader=lib/ld-linux-aarch64.so.1 cc=aarch64-linux-gnu-gcc ;;
  *) usage ;;
esac
case $1 in
  guest)
    packages="fio libaio1 libnuma1 iperf3 libiperf0 libsctp1 libssl3 e2fsprogs libext2fs2 libcom-err2 libblkid1 libuuid1
      rng-tools5 zlib1g libc6"
    keep="usr/bin/fio usr/bin/iperf3 usr/bin/rngtest sbin/mke2fs sbin/e2fsck"
    ;;
  host)
    packages="passt libslirp0 libglib2.0-0 libpcre2-8-0 iperf3 libiperf0 libsctp1 libssl3 e2fsprogs libext2fs2 libcom-err2
      libblkid1 libuuid1 libc6"
    keep="usr/bin/passt usr/bin/iperf3 sbin/mke2fs"
    [ "$arch" != amd64 ] || keep="$keep usr/bin/passt.avx2"
    ;;
  *) usage ;;
esac
dir=$2
if [ "$refresh" = no ] && [ -s "$dir/packages" ] && [ "$dir/packages" -nt "$0" ]; then exit 0; fi

for tool in apt-get dpkg-deb nm $cc; do
  command -v "$tool" >/dev/null || die "this needs $tool"
done
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
work=$(mktemp -d "$dir/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# As root apt would hand the download to the user _apt, who may not write into our directory.
sandbox=
[ "$(id -u)" != 0 ] || sandbox="-o APT::Sandbox::User=root"
download() {
  # shellcheck disable=SC2086
  (cd "$work" && rm -f ./*.deb && apt-get download -qq $sandbox $(for package in $packages; do echo "$package:$arch"; done))
}
say "downloading the programs for the $1"
if ! download 2>"$work/log"; then
  say "refreshing the package lists"
  if [ "$(id -u)" = 0 ]; then
    apt-get update -qq || die "apt-get update failed"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo -n apt-get update -qq || die "apt-get update failed"
  else
    cat "$work/log" >&2
    die "run 'apt-get update' as root, then this again"
  fi
  download || die "apt-get download failed"
fi
for deb in "$work"/*.deb; do
  dpkg-deb -x "$deb" "$work/all"
  dpkg-deb -f "$deb" Package Version | sed 's/^[^:]*: //' | paste -sd ' ' >>"$work/list"
done

# stub SONAME PREFIX: an empty library with the symbols named PREFIX* that fio wants, under the versions it wants them.
stub() {
  nm -D --undefined-only "$work/all/usr/bin/fio" | awk -v prefix="$2" '
    { split($2, part, "@"); if (substr($2, 1, length(prefix)) == prefix) print part[1], part[2] }' >"$work/symbols"
  awk '{ print "int " $1 "(void); int " $1 "(void) { return -1; }" }' "$work/symbols" >"$work/stub.c"
  awk '$2 != "" { nodes[$2] = nodes[$2] $1 "; " } END { for (n in nodes) print n " { " nodes[n] "};" }' \
    "$work/symbols" >"$work/stub.map"
  versions=
  [ ! -s "$work/stub.map" ] || versions=-Wl,--version-script=$work/stub.map
  # shellcheck disable=SC2086
  $cc -shared -fPIC -nostdlib -O1 $versions "-Wl,-soname,$1" -o "$work/root/$lib/$1" "$work/stub.c"
}

lib=lib/$triplet
mkdir -p "$work/root/bin" "$work/root/$lib" "$work/root/${loader%/*}"
for program in $keep; do
  cp "$work/all/$program" "$work/root/bin/" 2>/dev/null || die "$program is in none of the packages"
done
find "$work/all/$lib" "$work/all/usr/$lib" -maxdepth 1 -name '*.so*' 2>/dev/null >"$work/libraries"
wanted() { # the libraries that the files in hand want, and those of those
  while :; do
    missing=no
    for needed in $(find "$work/root" -type f -exec readelf -d {} + 2>/dev/null |
      sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u) ${extra:-}; do
      [ ! -e "$work/root/$lib/$needed" ] || continue
      from=$(grep "/$needed\$" "$work/libraries" | head -n 1) || true
      [ -n "$from" ] || die "$needed is in none of the packages"
      cp -L "$from" "$work/root/$lib/$needed"
      missing=yes
    done
    [ "$missing" = yes ] || break
  done
}
extra=
if [ "$1" = guest ]; then
  stub libgfapi.so.0 glfs_
  stub libnbd.so.0 nbd_
  stub libibverbs.so.1 ibv_
  stub librdmacm.so.1 rdma_
  stub librados.so.2 rados_
  stub librbd.so.1 rbd_
  stub libpmem.so.1 pmem_
  stub libpmemblk.so.1 pmemblk_
else
  extra=libslirp.so.0
fi
wanted
# Under a name that busybox has no command for.
mv "$work/root/bin/mke2fs" "$work/root/bin/mkfs.ext4"
cp -L "$work/root/$lib/${loader##*/}" "$work/root/$loader"
rm -rf "$dir/root" "$dir/packages"
mv "$work/root" "$dir/root"
mv "$work/list" "$dir/packages"
