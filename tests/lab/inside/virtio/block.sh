# block pci|mmio: a root disk, a data disk with a serial number, a packed ring and several queues, a read-only disk of 4 KiB
# blocks. The guest writes, reboots in place, verifies, and discards: the file must have lost its blocks.
prepare_disk || exit
devices "$1"
root_disk
data=$(new_disk data 128M)
disk "$data" packed direct serial=skiff-data "queues=$vcpus"
disk "$(new_disk readonly 16M)" read_only block_size=4096
A=$vcpus guest block || exit
kept=$(stat -c %b "$data")
if [ "$kept" -gt 64 ]; then
  echo "the guest discarded its disk, but the file still has $kept blocks of 512 bytes"
  exit 1
fi
size=$(stat -c %s "$data")
[ "$size" = 134217728 ] || { echo "the disk's file has now $size bytes"; exit 1; }
clean_messages
