# faces: the root is an ATA disk. Beside it one file is a disk with every other face at once: virtio on PCI, and by registers
# with the vCPUs doing its work, NVMe, and a disc in a CD-ROM drive. The guest must find the same bytes in all of them.
prepare_disk || exit
devices pci
root=/dev/sda
cp /cache/root-disk/root.ext4 /disk/root || exit
ide_disk /disk/root
data=$(new_disk data 8M)
dd if=/dev/urandom of="$data" bs=1M count=8 conv=notrunc 2>/dev/null
for face in pci mmio nvme; do
  inline=
  [ "$face" != mmio ] || inline=inline
  disk "$data" read_only $inline
done
ide_disk "$data" cdrom
A=$(md5sum <"$data" | cut -d' ' -f1) guest faces || exit
clean_messages
