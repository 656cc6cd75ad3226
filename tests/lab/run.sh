#!/bin/sh
# Runs a script inside the lab: a machine with its own KVM, in software emulation.
#
#   run.sh [--arch x86_64|aarch64] [--memory MIB] [--cpus N] [--timeout SECONDS] [--verbose] [--terminal] SHARE SCRIPT
#
# SHARE   a directory that the machine sees as /lab, read and write
# SCRIPT  a path below SHARE; run by busybox sh in /lab as root
# The machine sees the cache directory (kernels, initramfs) as /cache, read only, and the files of SHARE/rootfs at the root.
#
# Prints what the script prints. Ends with the script's status (125 stands for all above); 124 if the time ran out (0 is no
# limit), 126 if the machine did not come up or ended without a word.
# --cpus N: 2 for arm64. For x86 1: with two, QEMU's SVM emulation loses interrupts of the machine and states of its guests
# (docs/lab.md, "One processor").
# SKIFF_LAB_GIC: the version of the arm64 machine's interrupt controller, 3 or 2.
# --terminal: this script's terminal is the machine's /dev/ttyS1, raw, so that every key arrives; nothing else is shown.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cache.sh"

memory=1500 cpus='' limit=300 verbose=no terminal=no
while [ $# -gt 0 ]; do
  case $1 in
    --arch) use_architecture "$2"; shift 2 ;;
    --memory) memory=$2; shift 2 ;;
    --cpus) cpus=$2; shift 2 ;;
    --timeout) limit=$2; shift 2 ;;
    --verbose) verbose=yes; shift ;;
    --terminal) terminal=yes; shift ;;
    -*) sed -n '2,4p' "$0" >&2; exit 2 ;;
    *) break ;;
  esac
done
[ $# = 2 ] || { sed -n '2,4p' "$0" >&2; exit 2; }
share=$(cd "$1" && pwd) script=$2
[ -n "$cpus" ] || case $lab_arch in
  x86_64) cpus=1 ;;
  *) cpus=2 ;;
esac
[ -f "$share/$script" ] || { echo "lab: $share/$script is not there" >&2; exit 126; }

"$here/build-base.sh" || exit 126
cpu=$("$here/qemu.sh" --flags "$lab_arch")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 126' HUP INT TERM

# Shows the script's part of the console as it comes; the marker lines stay out.
show() {
  if [ "$terminal" = yes ]; then
    cat
  elif [ "$verbose" = yes ]; then
    tee "$log"
  else
    tee "$log" | sed -un '/^lab-end: [0-9]*\r\{0,1\}$/q; /^lab-begin\r\{0,1\}$/,$ { /^lab-begin/!p }'
  fi
}

# exit_of STATUS: QEMU's own status when the script's was that.
case $lab_arch in
  x86_64)
    machine="-M q35 -device isa-debug-exit,iobase=0xf4,iosize=0x4"
    kernel=$cache/kernel/generic-amd64/vmlinux
    cmdline="console=ttyS0 tsc=reliable"
    exit_of() { echo $((2 * ($1 + 1) + 1)); }
    ;;
  aarch64)
    machine="-M virt,virtualization=on,gic-version=${SKIFF_LAB_GIC:-3} -semihosting-config enable=on,userspace=on"
    kernel=$cache/kernel/generic-arm64/vmlinuz
    cmdline="console=ttyAMA0"
    exit_of() { echo $(($1 + 1)); }
    ;;
esac
serial="-serial stdio"
exec 3</dev/null
if [ "$terminal" = yes ]; then
  serial="-serial file:$log -chardev stdio,id=terminal,signal=off -serial chardev:terminal"
  exec 3<&0
fi
# The status of QEMU, through the pipe: in a file beside the log.
{
  set +e
  # shellcheck disable=SC2086
  timeout --foreground -k 5 "$limit" "$here/qemu.sh" "$lab_arch" $machine -accel "${SKIFF_LAB_ACCEL:-tcg,thread=multi,tb-size=512}" -cpu "$cpu" \
    -smp "$cpus" -m "$memory" -nodefaults -no-user-config -display none -no-reboot $serial \
    -kernel "$kernel" -initrd "$base" \
    -append "$cmdline quiet panic=-1 oops=panic mitigations=off lab.script=$script" \
    -fsdev "local,id=lab,path=$share,security_model=none" -device virtio-9p-pci,fsdev=lab,mount_tag=lab \
    -fsdev "local,id=cache,path=$cache,security_model=none,readonly=on" \
    -device virtio-9p-pci,fsdev=cache,mount_tag=cache ${SKIFF_LAB_QEMU_ARGS:-} <&3 2>"$log.err"
  echo $? >"$log.status"
} | show || true
status=$(cat "$log.status" 2>/dev/null || echo 126)
said=$(tr -d '\r' <"$log" | sed -n 's/^lab-end: \([0-9]*\)$/\1/p' | tail -n 1)
trap 'rm -f "$log" "$log.err" "$log.status"' EXIT

if [ "$status" = 124 ] || [ "$status" = 137 ]; then
  echo "lab: not done after $limit s" >&2
  exit 124
fi
if [ -n "$said" ] && [ "$status" = "$(exit_of "$said")" ]; then
  exit "$said"
fi
echo "lab: the machine ended without a report (QEMU status $status, script status ${said:-none})" >&2
grep -v 'TCG doesn.t support' "$log.err" >&2 || true
[ "$verbose" = yes ] || tail -n 20 "$log" >&2
exit 126
