#!/bin/sh
# Plays cases of cases.txt in the lab, all in one start of its machine.
#
#   cases.sh [--arch x86_64|aarch64] [--vmm skiff|qemu] [--build DIR] [--out DIR] [--list] GROUP|CASE|all...
#
# --arch ARCH      of the lab's machine, of Skiff and of the guests; the cases of aarch64 are in cases-aarch64.txt
# --build DIR      where everything was built (default: build, or build-aarch64); --skiff, --expect and --guests name its parts one by one
# --out DIR        where the results go (default: a new directory, removed at the end)
# --list           only print the cases meant
# --fixture        for CTest: cases that fail are no failure of the machine
# --vmm qemu       put QEMU (the system's) in Skiff's place, to see whether the lab or Skiff is at fault
# Ends with 0 if all passed, 1 if some did not, 77 if the lab cannot be set up here (the reason is printed).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cache.sh"

vmm=skiff build='' skiff='' expect='' guests='' out='' list=no fixture=no
while [ $# -gt 0 ]; do
  case $1 in
    --arch) use_architecture "$2"; shift 2 ;;
    --vmm) vmm=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    --skiff) skiff=$2; shift 2 ;;
    --expect) expect=$2; shift 2 ;;
    --guests) guests=$2; shift 2 ;;
    --fixture) fixture=yes; shift ;;
    --out) out=$2; shift 2 ;;
    --list) list=yes; shift ;;
    -*) sed -n '4p' "$0" >&2; exit 2 ;;
    *) break ;;
  esac
done
cases=$here/cases.txt
[ "$lab_arch" = x86_64 ] || cases=$here/cases-$lab_arch.txt
[ -n "$build" ] || case $lab_arch in
  x86_64) build=$root/build ;;
  *) build=$root/build-$lab_arch ;;
esac
skip() {
  echo "lab: skipped: $*"
  [ -z "$out" ] || { mkdir -p "$out"; echo "lab: skipped: $*" >"$out/skipped"; }
  exit 77
}
need() { [ -e "$1" ] || { echo "lab: $1 is not there: build it first" >&2; exit 2; }; }

wanted=$(for want in "$@"; do
  awk -v want="$want" '$1 !~ /^#/ && NF && (want == "all" || $1 == want || $2 == want || $1 "/" $2 == want)' \
    "$cases"
done)
[ -n "$wanted" ] || { echo "lab: no such case or group: $*" >&2; exit 2; }
# The arm64 group gicv2 wants a machine of its own; "all" means the others.
if [ "$*" = all ]; then wanted=$(echo "$wanted" | grep -v '^gicv2 '); fi
if echo "$wanted" | grep -q '^gicv2 '; then
  ! echo "$wanted" | grep -qv '^gicv2 ' || { echo "lab: the group gicv2 is played by itself" >&2; exit 2; }
  export SKIFF_LAB_GIC=2
fi
if [ "$list" = yes ]; then
  echo "$wanted" | awk '{ print $1 "/" $2 }'
  exit 0
fi

[ "$(uname -m)" = x86_64 ] || skip "the lab needs an x86_64 host"
# CTest plays several groups at once: one at a time fetches and builds what all of them use.
mkdir -p "$cache"
exec 8>"$cache/setup.lock"
! command -v flock >/dev/null || flock 8
"$here/qemu.sh" --prepare "$lab_arch" >/dev/null || skip "no QEMU to be had"
"$here/build-base.sh" || skip "no kernel for the lab's machine"
for flavour in $(echo "$wanted" | awk '$3 != "guest" { print $3 }' | sort -u); do
  "$root/guest/fetch-kernel.sh" "$flavour" $deb_arch "$cache/kernel/$flavour-$deb_arch" 2>"$cache/fetch.log" ||
    skip "no $flavour kernel: $(tail -n 1 "$cache/fetch.log")"
  mkdir -p "$cache/initramfs"
  [ "$lab_arch" = x86_64 ] || export BUSYBOX="$cache/busybox-arm64"
  "$root/guest/initramfs/build.sh" "$cache/initramfs/$flavour$initramfs_suffix.cpio.gz" "$cache/kernel/$flavour-$deb_arch"
done

# Scenarios want a root disk for their guests, and a host's tools.
scenarios=no
memory=1500
if echo "$wanted" | grep -q ' @'; then
  scenarios=yes memory=3000
  # The bench and the drivers' programs are guests of their own.
  ! echo "$wanted" | grep ' @' | grep -qv ' @bench\| @programs\| @gic \| @config-file' || "$here/build-root-disk.sh" 2>"$cache/fetch.log" || skip "no root disk: $(tail -n 1 "$cache/fetch.log")"
fi

if [ -z "$out" ]; then
  out=$(mktemp -d)
  trap 'rm -rf "$out"' EXIT
fi
make_disc() { # a file of 3 MB with a name that plain ISO 9660 does not have
  command -v genisoimage >/dev/null || { echo "lab: no genisoimage: run cmake/install-packages.sh test" >&2; exit 2; }
  mkdir -p "$out/disc"
  dd if=/dev/urandom of="$out/disc/a-file-with-a-long-name.bin" bs=1M count=3 2>/dev/null
  md5sum "$out/disc/a-file-with-a-long-name.bin" | cut -d' ' -f1 >"$out/disc.sum"
  genisoimage -quiet -R -V SKIFF -o "$out/disc.iso" "$out/disc"
  rm -rf "$out/disc"
}
rm -rf "$out/rootfs" "$out/results" "$out/guest" "$out/inside" "$out/consoles" "$out/configs" "$out/skipped"
mkdir -p "$out"
cp -r "$here/inside" "$here/consoles" "$root/configs" "$out/"
echo "$vmm" >"$out/vmm"
echo "deb_arch=$deb_arch initramfs_suffix=$initramfs_suffix guest_console=$guest_console" >"$out/arch"
echo "$wanted" | grep -q ' @ide' && make_disc
expect=${expect:-$build/tests/lab/lab-expect}
need "$expect"
"$here/bundle.sh" "$out" "$expect"
[ $scenarios = no ] || "$here/bundle.sh" "$out" "${expect%/*}/lab-dns"
guests=${guests:-$build/guest}
if echo "$wanted" | awk '$3 == "guest" { found = 1 } END { exit !found }'; then
  need "$guests/hello"
  mkdir -p "$out/guest"
  find "$guests" -maxdepth 1 -type f -exec cp {} "$out/guest/" \;
fi
case $vmm in
  skiff)
    skiff=${skiff:-$build/skiff}
    need "$skiff"
    "$here/bundle.sh" "$out" "$skiff"
    # Whatever the program is called here, the cases call it skiff.
    [ "${skiff##*/}" = skiff ] || mv "$out/rootfs/bin/${skiff##*/}" "$out/rootfs/bin/skiff"
    ;;
  qemu) "$here/bundle-qemu.sh" "$out" ;;
esac
# A bench that compares with it.
! echo "$wanted" | grep -q ' @bench  *vs *$' || "$here/bundle-qemu.sh" "$out"
if echo "$wanted" | grep -q ' @bench-linux'; then
  need "$guests/bench-linux"
  "$root/guest/linux/build.sh" "$cache/initramfs/bench.cpio.gz" "$cache/kernel/generic-$deb_arch" "$cache/programs/guest" \
    "$guests/bench-linux"
  mkdir -p "$out/guest"
  cp "$guests/bench-linux" "$out/guest/"
fi
exec 8>&-
# What is there already stays: the C library must be that of the loader beside it.
[ ! -d "$cache/programs/host$initramfs_suffix/root" ] || [ $scenarios = no ] || cp -an "$cache/programs/host$initramfs_suffix/root/." "$out/rootfs/" || true

# A case that fails is played again, in a machine that was started anew, three times at most. The emulated machine's own kernel dies now and
# then (docs/lab.md): it is started again for the cases that are left; one that it dies in twice has failed.
left() { # the wanted cases that have no status yet
  echo "$wanted" | while read -r group name rest; do
    [ -e "$out/results/$name.status" ] || echo "$group $name $rest"
  done
}
died_in=
again=0
while :; do
  remaining=$(left)
  echo "$remaining" >"$out/wanted"
  count=$(echo "$remaining" | wc -l)
  scenarios_left=$(echo "$remaining" | grep -c ' @' || true)
  status=0 more=0
  ! echo "$remaining" | grep -q ' @bench-linux' || more=600  # boots a machine for each face
  "$here/run.sh" --memory $memory --timeout $((120 + 60 * count + 240 * scenarios_left + more)) "$out" inside/cases.sh || status=$?
  [ -n "$(left)" ] || break
  case $status in
    0 | 1)
      again=$((again + 1))
      [ $again -lt 6 ] || break  # a machine that plays nothing
      echo "lab: what failed is played again, in a new machine"
      continue
      ;;
  esac
  name=$(cat "$out/results/playing" 2>/dev/null || left | awk 'NR == 1 { print $2 }')
  mkdir -p "$out/results"
  case " $died_in " in
    *" $name "*)
      echo "lab: the machine stopped again in $name: it has failed"
      echo "the lab's machine stopped while this was played, twice" >>"$out/results/$name.out"
      touch "$out/results/$name.console"
      echo 126 >"$out/results/$name.status"
      ;;
    *) echo "lab: the machine stopped while $name was played; it is started again for that and what is left" ;;
  esac
  died_in="$died_in $name"
  if [ "$(echo "$died_in" | wc -w)" -ge 4 ]; then
    echo "lab: the machine stopped four times: the rest is not played"
    exit 2
  fi
  [ -n "$(left)" ] || break
done
# Device trees that cases left: dtc must have nothing to say of them.
for tree in "$out"/results/*.dtb; do
  [ -e "$tree" ] || continue
  command -v dtc >/dev/null || { echo "lab: no dtc: the device trees are not looked at"; break; }
  said=$(dtc -I dtb -O dts -o "$tree.dts" "$tree" 2>&1) && [ -z "$said" ] && continue
  name=$(basename "$tree" .dtb)
  echo "FAIL  $name: dtc says of its device tree: $said" | tee -a "$out/results/$name.out"
  echo 1 >"$out/results/$name.status"
done
[ "$fixture" = no ] || exit 0
echo "$wanted" | while read -r group name rest; do
  [ "$(cat "$out/results/$name.status" 2>/dev/null)" = 0 ] || exit 1
done
