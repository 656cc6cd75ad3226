# whole pci|mmio passt|libslirp MEGABYTES: everything in one guest: root, data disk and read-only disk on virtio, user networking, the
# shell on hvc0 with ports beside it, the entropy device; written, verified after a reboot in place, and fetched from the network.
. /lab/inside/virtio/network.sh
prepare_disk || exit
outside
serve "$3"
devices "$1"
root_disk
data=$(new_disk data 128M)
disk "$data" packed direct serial=skiff-data "queues=$vcpus"
disk "$(new_disk readonly 16M)" read_only block_size=4096
user_net "$2" 'tcp:127.0.0.1:2222->22'
console_port hvc console
console_port log file /tmp/case/port
console_port nowhere null
entropy
terminal="$guest_console console=hvc0"
later answer_forward
[ "$guest_console" != ttyAMA0 ] || skiff_options="--dump-dtb /lab/results/$name.dtb"
A=$vcpus guest whole || exit
seq 20000 | cmp - /tmp/case/port || { echo "the port's file is not what the guest wrote"; exit 1; }
blob_came_back || exit
forward_was_answered || exit
kept=$(stat -c %b "$data")
[ "$kept" -le 64 ] || { echo "the guest discarded its disk, but the file still has $kept blocks of 512 bytes"; exit 1; }
clean_messages
