#!/bin/sh
# Builds the guest's initramfs: static busybox, /init and a few commands, and the drivers of one kernel.
#
#   build.sh OUTPUT.cpio.gz [KERNEL_DIR]
#
# KERNEL_DIR is what guest/fetch-kernel.sh leaves (release, modules/); without it no modules are packed.
# The same inputs give the same bytes: entries are sorted, times zero, owners root, and gzip keeps no name or time.
#
# BUSYBOX   a static busybox to pack (default: the installed one); name one for another architecture here
# MODULES   the list of modules to pack (default: the file modules beside this script)
# EXTRA     a directory whose files are added, after and over everything else
set -eu

die() { echo "initramfs: $*" >&2; exit 1; }
[ $# -ge 1 ] && [ $# -le 2 ] || { sed -n '4p' "$0" | sed 's/^# *//' >&2; exit 2; }
output=$1 kernel=${2:-}
here=$(cd "$(dirname "$0")" && pwd)

for tool in cpio gzip awk; do
  command -v "$tool" >/dev/null || die "this needs $tool"
done
busybox=${BUSYBOX:-$(command -v busybox || true)}
[ -n "$busybox" ] && [ -f "$busybox" ] || die "no busybox: install busybox-static"
if od -An -c -N 4096 "$busybox" | tr -d ' \n' | grep -q 'ld-linux'; then
  die "$busybox is dynamically linked: install busybox-static"
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 1' HUP INT TERM
umask 022
mkdir -p "$root/bin" "$root/sbin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/run" "$root/root" \
  "$root/var" "$root/etc/acpi/PWRF"
ln -s ../run "$root/var/run"
cp "$busybox" "$root/bin/busybox"
chmod 755 "$root/bin/busybox"
# The list of the installed busybox serves for one of another architecture too: Debian builds them alike.
for applet in $("$busybox" --list 2>/dev/null || busybox --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
# The kernel itself calls it there, for a file system's checksum say.
ln -s ../bin/busybox "$root/sbin/modprobe"
install -m 755 "$here/init" "$root/init"
for name in marker help-skiff panic; do
  install -m 755 "$here/files/$name" "$root/sbin/$name"
done
install -m 755 "$here/files/power-button" "$root/etc/acpi/PWRF/00000080"
install -m 644 "$here/files/profile" "$root/etc/profile"
install -m 644 "$here/files/console" "$root/etc/console"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"

# The paths of the wanted modules and all they depend on, from modules.dep ("path: dependency...").
closure() {
  awk -v list="${MODULES:-$here/modules}" '
    function key(path) { sub(/.*\//, "", path); sub(/\.ko.*/, "", path); gsub(/-/, "_", path); return path }
    function take(path,   words, n, i) {
      if (path in taken) return
      taken[path] = 1
      print path
      n = split(needs[path], words, " ")
      for (i = 1; i <= n; i++) take(words[i])
    }
    { path = $1; sub(/:$/, "", path); $1 = ""; needs[path] = $0; by_name[key(path)] = path }
    END {
      while ((getline line < list) > 0) {
        if (line ~ /^#/ || line == "") continue
        gsub(/-/, "_", line)
        if (line in by_name) take(by_name[line])
      }
    }' "$1"
}

if [ -n "$kernel" ]; then
  [ -s "$kernel/release" ] && [ -s "$kernel/modules/modules.dep" ] ||
    die "$kernel holds no modules/modules.dep: fill it with guest/fetch-kernel.sh"
  release=$(cat "$kernel/release")
  tree=$root/lib/modules/$release
  mkdir -p "$tree"
  closure "$kernel/modules/modules.dep" | while read -r path; do
    mkdir -p "$tree/${path%/*}"
    case $path in
      # busybox's modprobe takes no compressed modules.
      *.xz) xz -dc "$kernel/modules/$path" >"$tree/${path%.xz}" ;;
      *) cp "$kernel/modules/$path" "$tree/$path" ;;
    esac
  done
  if command -v depmod >/dev/null; then
    depmod -b "$root" "$release" 2>/dev/null
    # Indexes in kmod's binary form are of no use to busybox.
    rm -f "$tree"/*.bin "$tree/modules.devname" "$tree/modules.softdep"
  else
    busybox depmod -b "$root" "$release"
  fi
  for file in modules.dep modules.alias modules.symbols; do
    [ ! -e "$tree/$file" ] || { sort "$tree/$file" >"$tree/sorted" && mv "$tree/sorted" "$tree/$file"; }
  done
fi
[ -z "${EXTRA:-}" ] || cp -a "$EXTRA/." "$root/"

# A link's time is set by -h; busybox's touch has it too.
find "$root" -exec touch -h -d '1970-01-01 00:00:00 UTC' {} +
mkdir -p "$(dirname "$output")"
(cd "$root" && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet --reproducible -o -H newc -R 0:0) |
  gzip -n -6 >"$output.new"
mv "$output.new" "$output"
