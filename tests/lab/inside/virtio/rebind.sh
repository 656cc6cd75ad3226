# rebind pci|mmio TIMES: first a guest whose shell is on hvc0, with ports beside it. Then one in which every driver is taken off
# its device and put back while the device works, the console's too (so the shell is on the serial port).
. /lab/inside/virtio/network.sh
prepare_disk || exit
. /lab/inside/virtio/console.sh

tap_device tap0 10.0.7.1
devices "$1"
root_disk
disk "$(new_disk data 64M)" direct "queues=$vcpus"
tap tap0
entropy
console_port hvc file /tmp/case/hvc
console_port log file /tmp/case/port
terminal=$guest_console
A=$2 guest rebind || exit
[ "$(tail -c 13 /tmp/case/port)" = after-rebind ] || {
  echo "the port does not work after it; its file's end:"
  ls -l /tmp/case/port
  tail -c 64 /tmp/case/port | hexdump -C
  exit 1
}
# What the guest's kernel says of a driver taken off under load, by its own design (drivers/char/virtio_console.c,
# virtcons_remove; block/bdev.c): the console's driver declares its queues broken before it ends its work on them, which
# then finds them broken; and a disk that has just gone is opened by its node.
clean_messages 'virtio_console virtio[0-9]+: Error adding buffer to queue
virtio-ports vport[0-9]+p[0-9]+: Error allocating inbufs
block device autoloading is deprecated and will be removed'
