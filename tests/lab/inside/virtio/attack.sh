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
# It knows no ACPI of devices; a device tree it does.
[ "$face" = pci ] || [ "$deb_arch" = arm64 ] || boot_keys="virtio_mmio_cmdline = true"
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
# Not every machine has a way to end with a status: what the guest says counts.
said=$(tr -d '\r' <"/lab/results/$name.console" | sed -n 's/^attacks: \([0-9]*\), survived: \([0-9]*\)$/\1 \2/p')
echo "attacks and survived: $said"
[ "${said% *}" -ge 150 ] && [ "${said% *}" = "${said#* }" ] || { echo "not all of at least 150 attacks were survived"; exit 1; }
