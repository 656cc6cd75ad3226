#!/bin/sh
# Boots a stock Debian kernel in QEMU with Skiff's ACPI tables instead of QEMU's own, and looks for complaints.
#
#   boot_with_tables.sh ACPI_DUMP cloud|generic
#
# QEMU's q35 without its ACPI has the devices the tables describe (ECAM, PM1 registers, IOAPIC, ports), so a kernel
# that is told where the RSDP lies (acpi_rsdp=) runs on ours: it finds PCI, routes interrupts, binds the serial port
# and powers off by them. Exit status: 0 no complaint, 1 complaint, 77 skipped.
#
# SKIFF_KERNEL_DIR   what guest/fetch-kernel.sh left (default: $XDG_CACHE_HOME/skiff/kernel/FLAVOUR-amd64)
# ACPI_BOOT_LOG      keeps the guest's log there
set -eu

dump=$1 flavour=$2
kernel=${SKIFF_KERNEL_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/skiff/kernel/$flavour-amd64}/vmlinuz
skip() { echo "skipped: $*"; exit 77; }
for tool in qemu-system-x86_64 cpio gzip busybox; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done
[ -s "$kernel" ] || skip "no kernel at $kernel: guest/fetch-kernel.sh $flavour amd64 fetches one"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/bin"
cp "$(command -v busybox)" "$work/root/bin/busybox"
cat >"$work/root/init" <<'INIT'
#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /sys
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
echo "@@ dmesg"
$b dmesg -r
echo "@@ interrupts"
$b cat /proc/interrupts
echo "@@ iomem"
$b cat /proc/iomem
echo "@@ pci"
for d in /sys/bus/pci/devices/*; do echo "${d##*/} $($b cat $d/vendor $d/device $d/irq | $b tr '\n' ' ')"; done
echo "@@ acpi"
for d in /sys/bus/acpi/devices/*; do echo "${d##*/} $($b cat $d/path $d/status 2>/dev/null | $b tr '\n' ' ')"; done
echo "@@ end"
$b poweroff -f
INIT
chmod +x "$work/root/init"
(cd "$work/root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initrd.gz"

where=0x7000000
"$dump" $where 2 "$work/acpi.bin"
status=0
timeout 100 qemu-system-x86_64 -M q35,acpi=off,smm=off -accel tcg,thread=multi -cpu EPYC -smp 2 -m 256 \
  -nodefaults -no-user-config -display none -no-reboot -serial stdio -device pvpanic \
  -device virtio-rng-pci,addr=3 -device virtio-net-pci,addr=4,romfile= \
  -device loader,file="$work/acpi.bin",addr=$where,force-raw=on \
  -kernel "$kernel" -initrd "$work/initrd.gz" \
  -append "console=ttyS0 panic=-1 loglevel=4 tsc=reliable acpi_rsdp=$where memmap=128K#$where" \
  >"$work/log" 2>&1 </dev/null || status=$?
[ -z "${ACPI_BOOT_LOG:-}" ] || cp "$work/log" "$ACPI_BOOT_LOG"

fail() {
  echo "FAILED: $*"
  tail -n 400 "$work/log"
  exit 1
}
[ "$status" = 0 ] || fail "QEMU ended with $status: the guest did not power off by PM1 control"
grep -q '^@@ end' "$work/log" || fail "the guest did not reach its end"
# `dmesg -r` gives each line its priority: facility * 8 + level; 4 and below are warnings and worse.
sed -n '/^@@ dmesg/,/^@@ interrupts/p' "$work/log" | tr -d '\r' >"$work/dmesg"
for wanted in 'ACPI: RSDP 0x0*7000000 .*SKIFF' 'ACPI: Interpreter enabled' 'PCI Root Bridge \[PCI0\]' \
  'MMCONFIG at .* reserved' '00:0[0-9]: ttyS0 at I/O 0x3f8 (irq = 4'; do
  grep -q "$wanted" "$work/dmesg" || fail "dmesg lacks: $wanted"
done
if grep -iE 'acpi|pci|ioapic|apic|irq|pnp' "$work/dmesg" | grep -E '^<[0-4]>' >"$work/complaints"; then
  cat "$work/complaints"
  fail "the kernel complained"
fi
if grep -E 'ACPI (BIOS )?(Error|Warning)|Firmware Bug|ACPI.*AE_' "$work/dmesg"; then fail "the kernel complained"; fi
echo "no complaint ($(grep -c . "$work/dmesg") lines of dmesg)"
