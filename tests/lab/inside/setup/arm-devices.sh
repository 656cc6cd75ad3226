# A disk over PCI, the same data over virtio-mmio and NVMe, and entropy: what the console script arm-devices looks at.
dd if=/dev/urandom of=/tmp/case/disk bs=64k count=64 2>/dev/null
disk_sum=$(md5sum </tmp/case/disk | cut -c1-32)
sed -i "s/@DISK_SUM@/$disk_sum/" /tmp/case/script
more_sections='[cpu.topology]
sockets = 2
threads = 2'
devices pci
disk /tmp/case/disk read_only
entropy
devices_kept=$(cat $device_file)
devices mmio
disk /tmp/case/disk read_only
devices_kept="$devices_kept
$(cat $device_file)"
devices nvme
disk /tmp/case/disk read_only
echo "$devices_kept" >>$device_file
