# ide: two ATA disks on one channel and a CD-ROM drive on the other, once by bus-master DMA and once by PIO. The guest reads
# what the host has written, copies it on that disk and to the other, reads it back past its cache; the host finds what the
# guest wrote. It mounts the disc and finds the file on it.
prepare_disk || exit
for mode in UDMA PIO; do
  # A sector written by PIO is 256 exits (docs/ide.md).
  if [ $mode = UDMA ]; then blocks=64; else blocks=4; fi
  bytes=$((blocks * 65536))
  devices pci
  first=$(new_disk first 16M)
  head -c 4194304 /dev/urandom | dd of="$first" conv=notrunc 2>/dev/null
  sum=$(head -c $bytes "$first" | md5sum | cut -d' ' -f1)
  ide_disk "$first" serial=skiff-first
  ide_disk "$(new_disk second 16M)"
  cp /lab/disc.iso /tmp/case/
  ide_disk /tmp/case/disc.iso cdrom
  option=
  [ $mode = UDMA ] || option=libata.dma=0
  sed -e "s|@SUM@|$sum|g; s|@MODE@|$mode|g; s|@BLOCKS@|$blocks|g; s|@DISC@|$(cat /lab/disc.sum)|g" /lab/consoles/ide >/tmp/case/script
  vmm_command "/cache/kernel/$kernel-$deb_arch/$image" "/cache/initramfs/$kernel$initramfs_suffix.cpio.gz" "$vcpus" "$memory" \
    "console=$guest_console quiet $patience $option"
  lab-expect --timeout 60 --log /tmp/case/console /tmp/case/script $vmm
  status=$?
  cat /tmp/case/console >>"/lab/results/$name.console"
  [ $status = 0 ] || exit $status
  # The guest's copy, 8 MiB further on.
  copied=$(dd if="$first" bs=64k skip=128 count=$blocks 2>/dev/null | md5sum | cut -d' ' -f1)
  [ "$copied" = "$sum" ] || { echo "$mode: the guest's copy is not what it copied"; exit 1; }
  clean_messages || exit
done
