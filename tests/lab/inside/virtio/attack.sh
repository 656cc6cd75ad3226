# attack pci|mmio WORD...: the guest virtio-attack, with these words to it, against every kind of device at once. The VMM must
# live, answer a sound driver after each attack, and not grow.
. /lab/inside/virtio/network.sh
face=$1
shift
prepare_disk || exit
tap_device tap0 10.0.7.1
devices "$face"
# Its work is the I/O thread's there, the vCPUs' own here.
inline=
[ "$face" = pci ] || inline=inline
disk "$(new_disk attack 64M)" packed queues=2 $inline
tap tap0 packed
console_port hvc null
console_port log file /tmp/case/port
entropy packed
# It knows no ACPI of devices.
[ "$face" = pci ] || boot_keys="virtio_mmio_cmdline = true"
vmm_command "/lab/guest/$image" "" "$vcpus" "$memory" "quiet $*"
# The most the VMM's process had in memory, in KiB.
watch() {
  most=0
  while sleep 0.2; do
    now=$(awk '/^VmRSS/ { print $2 }' "/proc/$(pidof skiff)/status" 2>/dev/null)
    if [ "${now:-0}" -gt $most ]; then most=$now; fi
    echo $most >/tmp/case/most
  done
}
later watch
lab-expect --timeout 400 --log "/lab/results/$name.console" /lab/consoles/virtio-attack $vmm || exit
most=$(cat /tmp/case/most)
limit=$((${memory%M} * 1024 + 65536))
[ "$most" -lt $limit ] || { echo "the VMM grew to $most KiB; its guest has $memory"; exit 1; }
grep -a '^attacks:' "/lab/results/$name.console"
