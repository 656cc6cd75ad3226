#!/bin/sh
# What `make run` does: Debian's cloud kernel in Skiff, to a shell in this terminal. Where there is no terminal, the guest says
# who it is and powers off.
#
#   run-demo.sh SKIFF CACHE
#
# SKIFF   the program
# CACHE   where the kernel, the initramfs and the lab's parts are kept between runs
#
# A KVM that interprets kernel code (a nested host without hardware virtualization does) cannot run Linux. `skiff check`
# measures that: below 50 million instructions a second (processors do thousands) it calls the host interpreting, and the same
# guest is then started in the lab, a KVM host in emulation (docs/lab.md). SKIFF_RUN=direct or SKIFF_RUN=lab decides instead.
set -eu
[ $# = 2 ] || { sed -n '5p' "$0" | sed 's/^# *//' >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
skiff=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
mkdir -p "$2"
cache=$(cd "$2" && pwd)
export SKIFF_CACHE="$cache"

say() { echo "==> $*" >&2; }
die() { echo "make run: $*" >&2; exit 1; }
[ "$(uname -m)" = x86_64 ] || die "this version runs guests on x86_64 hosts only"
[ -x "$skiff" ] || die "$skiff is not there: \`make build\` makes it"

# Prints nothing if this host's KVM can run Linux, else why not.
why_not_here() {
  "$skiff" check --json 2>/dev/null | awk -F '", "' '
    function value(name,   at) {
      at = index($0, "\"" name "\": \"")
      if (!at) return ""
      at = substr($0, at + length(name) + 5)
      sub(/"(, "|}).*/, "", at)
      return at
    }
    /"grade": "blocking"/ && !said { print value("name") " is " value("value"); said = 1 }
    value("name") == "kernel code" && value("grade") != "good" && !said {
      print "it interprets kernel code: " value("value"); said = 1
    }
    value("name") == "kernel code" { seen = 1 }
    END { if (!seen && !said) print "`skiff check` could not tell" }'
}

terminal=no
if [ -t 0 ] && [ -t 1 ]; then terminal=yes; fi

case ${SKIFF_RUN:-auto} in
  direct) where=here ;;
  lab) where=lab reason="SKIFF_RUN=lab" ;;
  auto)
    reason=$(why_not_here)
    where=lab
    [ -n "$reason" ] || where=here
    ;;
  *) die "SKIFF_RUN is \"$SKIFF_RUN\"; it may be auto, direct or lab" ;;
esac
[ "$where" = here ] || say "this host's KVM cannot run Linux ($reason): using the lab, a KVM host in emulation"

kernel=kernel/cloud-amd64 initrd=initramfs/cloud.cpio.gz
if [ ! -s "$cache/$kernel/package" ]; then
  say "fetching Debian's cloud kernel (once; about 20 MB)"
fi
"$root/guest/fetch-kernel.sh" cloud amd64 "$cache/$kernel"
say "building the guest's initramfs"
mkdir -p "$cache/initramfs"
"$root/guest/initramfs/build.sh" "$cache/$initrd" "$cache/$kernel"

cmdline="console=ttyS0 quiet panic=-1"
[ "$terminal" = yes ] || cmdline="$cmdline skiff.once"

if [ "$where" = here ]; then
  say "starting the guest"
  status=0
  "$skiff" run "$root/configs/linux.toml" --kernel "$cache/$kernel/vmlinuz" --initrd "$cache/$initrd" \
    --cmdline "$cmdline" || status=$?
  # 143, 128 + SIGTERM: Ctrl-A x, which is no failure of `make run`.
  [ "$status" != 143 ] || status=0
  exit "$status"
fi

lab=$root/tests/lab
if [ ! -s "$cache/kernel/generic-amd64/package" ] || [ ! -e "$cache/lab-qemu/ready" ]; then
  say "fetching the lab: QEMU and a kernel for its machine (once; about 250 MB)"
fi
qemu=$("$lab/qemu.sh" --prepare) || die "the lab needs QEMU, and none is to be had"
share=$(mktemp -d)
settings=
[ "$terminal" = no ] || settings=$(stty -g)
clean_up() {
  rm -rf "$share"
  # QEMU gives the terminal back itself, unless it is killed.
  [ -z "$settings" ] || stty "$settings" || true
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
"$lab/bundle.sh" "$share" "$skiff"
[ "${skiff##*/}" = skiff ] || mv "$share/rootfs/bin/${skiff##*/}" "$share/rootfs/bin/skiff"
cp "$root/configs/linux.toml" "$share/"
cat >"$share/demo.sh" <<DEMO
set -- skiff run /lab/linux.toml --kernel /cache/$kernel/vmlinuz --initrd /cache/$initrd --cmdline "$cmdline"
[ $terminal = yes ] || exec "\$@"
stty -F /dev/ttyS1 sane
# Skiff reads a terminal only in its foreground, so this one must be the session's own.
setsid -c "\$@" </dev/ttyS1 >/dev/ttyS1 2>&1
status=\$?
# 143, 128 + SIGTERM: Ctrl-A x, which is no failure of make run.
[ "\$status" != 143 ] || exit 0
exit "\$status"
DEMO
say "starting the lab: Skiff in an emulated machine (${qemu%% (*}), the guest in Skiff: 10 to 40 s"
if [ "$terminal" = yes ]; then
  "$lab/run.sh" --terminal --timeout 0 "$share" demo.sh
else
  "$lab/run.sh" --timeout 300 "$share" demo.sh
fi
