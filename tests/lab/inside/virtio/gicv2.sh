# gicv2: what an older board has: a GICv2, whose GICv2m frame takes the messages of a disk on PCI; a virtio-mmio disk on a wire; a
# 16550A as the console. Each exit costs a multiple here: KVM moves the state of a GICv2 by emulated registers.
prepare_disk || exit
irqchip gicv2
more_sections='[[serial]]
model = "16550"'
skiff_options="--dump-dtb /lab/results/$name.dtb"
data=$(new_disk data 16M)
head -c 4194304 /dev/urandom | dd of="$data" conv=notrunc 2>/dev/null
sum=$(head -c 4194304 "$data" | md5sum | cut -d' ' -f1)
devices pci
disk "$data" direct
devices_kept=$(cat $device_file)
devices mmio
cp "$data" /disk/copy
disk /disk/copy read_only direct
echo "$devices_kept" >>$device_file
sed -e "s|@SUM@|$sum|g; s|@VCPUS@|$vcpus|g" /lab/consoles/gicv2 >/tmp/case/script
vmm_command "/cache/kernel/$kernel-$deb_arch/$image" "/cache/initramfs/$kernel$initramfs_suffix.cpio.gz" "$vcpus" "$memory" \
  "console=ttyS0 quiet $patience"
ln -sf "/lab/results/$name.boot" /tmp/case/console
lab-expect --timeout 60 --log "/lab/results/$name.boot" /tmp/case/script $vmm
status=$?
cat /tmp/case/console >>"/lab/results/$name.console"
[ $status = 0 ] || exit $status
copied=$(dd if="$data" bs=1M skip=8 count=4 2>/dev/null | md5sum | cut -d' ' -f1)
[ "$copied" = "$sum" ] || { echo "the guest's copy is not what it copied"; exit 1; }
clean_messages
