#!/bin/sh
# Fetches a Debian kernel package without installing it and lays its parts out for Skiff.
#
#   fetch-kernel.sh [--refresh] [cloud|generic] [amd64|arm64] DIR
#
# Leaves in DIR:
#   vmlinuz      the kernel as packaged (a bzImage on amd64, an Image on arm64)
#   vmlinux      amd64 only: the ELF image unpacked from the bzImage's payload
#   modules/     the tree of lib/modules/<release>, with modules.dep
#   System.map   symbols as packaged (Debian ships a stub that names the debug package; kept for symbol lookup by config)
#   release      the kernel's release, e.g. what `uname -r` says in the guest
#   package      name, version and architecture of the package; written last, it marks a complete DIR
#
# A complete DIR is left alone, with no network access, unless --refresh is given.
set -eu

say() { echo "fetch-kernel: $*" >&2; }
die() { say "$*"; exit 1; }
usage() { sed -n '2,4p' "$0" | sed 's/^# \{0,1\}//' >&2; exit 2; }

refresh=no flavour=cloud arch=amd64 dir=
for arg in "$@"; do
  case $arg in
    --refresh) refresh=yes ;;
    cloud | generic) flavour=$arg ;;
    amd64 | arm64) arch=$arg ;;
    -*) usage ;;
    *) [ -z "$dir" ] || usage; dir=$arg ;;
  esac
done
[ -n "$dir" ] || usage

if [ "$refresh" = no ] && [ -s "$dir/package" ]; then
  say "$dir already holds $(cat "$dir/package")"
  exit 0
fi

for tool in apt-get apt-cache dpkg dpkg-deb od; do
  command -v "$tool" >/dev/null || die "this needs $tool: it works on Debian and its derivatives only"
done
if [ "$(dpkg --print-architecture)" != "$arch" ] && ! dpkg --print-foreign-architectures | grep -qx "$arch"; then
  die "$arch packages are not enabled here; as root: dpkg --add-architecture $arch && apt-get update"
fi

case $flavour in
  cloud) meta=linux-image-cloud-$arch ;;
  generic) meta=linux-image-$arch ;;
esac

# The metapackage depends on exactly one real image package of the release's current ABI.
resolve() {
  apt-cache depends --important "$meta:$arch" 2>/dev/null |
    sed -n 's/^ *Depends: \(linux-image-[0-9][^ :]*\).*/\1/p' | head -n 1
}
image=$(resolve)
if [ -z "$image" ]; then
  say "no package list knows $meta:$arch; refreshing the lists"
  if [ "$(id -u)" = 0 ]; then
    apt-get update -qq || die "apt-get update failed"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo -n apt-get update -qq || die "apt-get update failed"
  else
    die "run 'apt-get update' as root, then this again"
  fi
  image=$(resolve)
  [ -n "$image" ] || die "the package sources of this machine have no $meta:$arch"
fi

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
work=$(mktemp -d "$dir/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

say "downloading $image:$arch"
sandbox=
# As root apt would hand the download to the user _apt, who may not write into our directory.
[ "$(id -u)" != 0 ] || sandbox="-o APT::Sandbox::User=root"
# shellcheck disable=SC2086
(cd "$work" && apt-get download -qq $sandbox "$image:$arch") || die "apt-get download $image:$arch failed"
deb=$(find "$work" -maxdepth 1 -name '*.deb' | head -n 1)
[ -n "$deb" ] || die "apt-get download left no package"
dpkg-deb -x "$deb" "$work/root"

kernel=$(find "$work/root/boot" -name 'vmlinuz-*' | head -n 1)
[ -n "$kernel" ] || die "$image has no boot/vmlinuz-*"
release=${kernel##*/vmlinuz-}
# Debian's merged /usr: newer packages carry usr/lib/modules.
modules=$work/root/lib/modules/$release
[ -d "$modules" ] || modules=$work/root/usr/lib/modules/$release
[ -d "$modules" ] || die "$image has no lib/modules/$release"

# modules.dep is written by the package's maintainer script, which does not run here.
mkdir -p "$work/tree/lib/modules"
mv "$modules" "$work/tree/lib/modules/$release"
if command -v depmod >/dev/null; then
  depmod -b "$work/tree" "$release"
elif command -v busybox >/dev/null; then
  busybox depmod -b "$work/tree" "$release"
else
  die "modules.dep needs depmod: install busybox-static or kmod"
fi

# The payload of a bzImage: Documentation/arch/x86/boot.rst, fields setup_sects (0x1f1), header (0x202, "HdrS"),
# payload_offset (0x248) and payload_length (0x24c, protocol 2.08 and later).
field() { od -An -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '; }
unpack_bzimage() {
  [ "$(dd if="$1" bs=1 skip=514 count=4 2>/dev/null)" = HdrS ] || die "$1 is no bzImage"
  sects=$(field "$1" 497 1)
  [ "$sects" != 0 ] || sects=4
  start=$(((sects + 1) * 512 + $(field "$1" 584 4)))
  length=$(field "$1" 588 4)
  size=$(wc -c <"$1")
  [ $((start + length)) -le "$size" ] || die "$1 is cut short"
  magic=$(od -An -t x1 -j "$start" -N 6 "$1" | tr -d ' ')
  case $magic in
    1f8b*) tool=gzip ;;
    fd377a585a00) tool=xz ;;
    02214c18*) tool=lz4 ;;
    28b52ffd*) tool=zstd ;;
    425a68*) tool=bzip2 ;;
    5d0000*) tool=lzma ;;
    7f454c46*) tool=cat ;;
    *) die "$1: unknown payload format (first bytes $magic)" ;;
  esac
  # Every format but gzip, which ends in it anyway, has the uncompressed size appended in four bytes.
  case $tool in gzip | cat) ;; *) length=$((length - 4)) ;; esac
  [ "$tool" = cat ] || command -v "$tool" >/dev/null || die "$1 is packed with $tool, which is not installed"
  case $tool in cat) flags= ;; *) flags=-dc ;; esac
  # shellcheck disable=SC2086
  tail -c "+$((start + 1))" "$1" | head -c "$length" | "$tool" $flags >"$2" || die "unpacking $1 with $tool failed"
  [ "$(od -An -t x1 -N 4 "$2" | tr -d ' ')" = 7f454c46 ] || die "the payload of $1 is no ELF image"
}

rm -f "$dir/package"
if [ "$arch" = amd64 ]; then
  say "unpacking the bzImage's payload"
  unpack_bzimage "$kernel" "$work/vmlinux"
  mv "$work/vmlinux" "$dir/vmlinux"
fi
mv "$kernel" "$dir/vmlinuz"
[ ! -e "$work/root/boot/System.map-$release" ] || mv "$work/root/boot/System.map-$release" "$dir/System.map"
[ ! -e "$work/root/boot/config-$release" ] || mv "$work/root/boot/config-$release" "$dir/config"
rm -rf "$dir/modules"
mv "$work/tree/lib/modules/$release" "$dir/modules"
echo "$release" >"$dir/release"
dpkg-deb -f "$deb" Package Version Architecture | sed 's/^[^:]*: //' | paste -sd ' ' >"$work/package"
mv "$work/package" "$dir/package"
say "$dir: Linux $release"
