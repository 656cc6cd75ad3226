# irqchip split|user CHIP: a guest whose interrupt controllers live in Skiff works on a virtio disk, says which controllers it
# has found, reboots in place, works again, and powers off.
prepare_disk || exit
devices pci
irqchip "$1"
data=$(new_disk data 16M)
head -c 4194304 /dev/urandom | dd of="$data" conv=notrunc 2>/dev/null
sum=$(head -c 4194304 "$data" | md5sum | cut -d' ' -f1)
disk "$data" direct
sed -e "s|@SUM@|$sum|g; s|@CHIP@|$2|g; s|@VCPUS@|$vcpus|g" /lab/consoles/irqchip >/tmp/case/script
vmm_command "/cache/kernel/$kernel-$deb_arch/$image" "/cache/initramfs/$kernel$initramfs_suffix.cpio.gz" "$vcpus" "$memory" \
  "console=$guest_console quiet $patience"
lab-expect --timeout 400 --log /tmp/case/console /tmp/case/script $vmm
status=$?
cat /tmp/case/console >>"/lab/results/$name.console"
[ $status = 0 ] || exit $status
copied=$(dd if="$data" bs=1M skip=8 count=4 2>/dev/null | md5sum | cut -d' ' -f1)
[ "$copied" = "$sum" ] || { echo "the guest's copy is not what it copied"; exit 1; }
# What Linux says on a PC without APICs: it sets ELCR anew, which firmware has set already; there is no table of processors;
# performance counters would interrupt through a local APIC.
[ "$1" = user ] || clean_messages || exit
[ "$1" != user ] || clean_messages 'ACPI: setting ELCR to 0200 \(from 0e00\)
smpboot: weird, boot CPU \(#0\) not listed by the BIOS
PMU not available due to virtualization, using software events only'
