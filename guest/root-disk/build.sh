#!/bin/sh
# Builds an ext4 root disk for guests, without mounting anything and without being root: busybox, the /init of the initramfs as
# its /sbin/init, programs that exercise devices, and the scripts in checks/ as /checks.
#
#   build.sh OUTPUT PROGRAMS [FILE...]
#
# PROGRAMS is what guest/fetch-programs.sh leaves for guests; FILEs are put into /bin. For a guest of another architecture BUSYBOX
# names its busybox, and MKFS_PROGRAMS a tree like PROGRAMS whose mkfs.ext4 runs here. The kernel's drivers come from the
# initramfs, which mounts the disk (root=/dev/vda).
set -eu

[ $# -ge 2 ] || { sed -n '5p' "$0" | sed 's/^# *//' >&2; exit 2; }
output=$1 programs=$2/root mkfs_programs=${MKFS_PROGRAMS:-$2}/root
shift 2
here=$(cd "$(dirname "$0")" && pwd)
initramfs=$here/../initramfs
busybox=${BUSYBOX:-$(command -v busybox)}

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 1' HUP INT TERM
umask 022
mkdir -p "$root/sbin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/run" "$root/root" "$root/mnt" \
  "$root/var" "$root/etc/acpi/PWRF"
cp -a "$programs/." "$root/"
ln -s ../run "$root/var/run"
cp "$busybox" "$root/bin/busybox"
# As in the initramfs: the installed one's list serves for another architecture too.
for applet in $("$busybox" --list 2>/dev/null || busybox --list); do
  [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"
done
install -m 755 "$initramfs/init" "$root/sbin/init"
for name in marker help-skiff panic; do
  install -m 755 "$initramfs/files/$name" "$root/sbin/$name"
done
install -m 755 "$initramfs/files/power-button" "$root/etc/acpi/PWRF/00000080"
install -m 644 "$initramfs/files/profile" "$initramfs/files/console" "$here/files/mke2fs.conf" "$root/etc/"
install -m 755 "$here/files/udhcpc" "$root/etc/udhcpc"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
: >"$root/etc/root-disk"
# Written by udhcpc; /etc may be read-only.
ln -s ../run/resolv.conf "$root/etc/resolv.conf"
ln -s ../proc/mounts "$root/etc/mtab"
cp -r "$here/checks" "$root/checks"
for file in "$@"; do
  install -m 755 "$file" "$root/bin/"
done

mkdir -p "$(dirname "$output")"
# A quarter more than the files take, for the file system itself and for what a guest may write.
size=$(($(du -sk "$root" | cut -f1) * 5 / 4 + 8192))
rm -f "$output.new"
MKE2FS_CONFIG="$here/files/mke2fs.conf" "$mkfs_programs/lib64/ld-linux-x86-64.so.2" \
  --library-path "$mkfs_programs/lib/x86_64-linux-gnu" "$mkfs_programs/bin/mkfs.ext4" \
  -q -t ext4 -m 0 -L skiff-root -E root_owner=0:0 -d "$root" "$output.new" "${size}k" >/dev/null
mv "$output.new" "$output"
