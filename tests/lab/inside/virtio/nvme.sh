# nvme: the root is an NVMe disk, beside it a data disk with a queue for each vCPU and a read-only one of 4 KiB blocks. The
# guest works on them, resets a controller under load and discards: the file must have lost its blocks.
prepare_disk || exit
devices nvme
root=/dev/nvme0n1
root_disk
data=$(new_disk data 128M)
disk "$data" direct serial=skiff-data "queues=$vcpus"
disk "$(new_disk readonly 16M)" read_only block_size=4096
A=$vcpus guest nvme || exit
kept=$(stat -c %b "$data")
if [ "$kept" -gt 64 ]; then
  echo "the guest discarded its disk, but the file still has $kept blocks of 512 bytes"
  exit 1
fi
clean_messages
