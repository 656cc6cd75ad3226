# net pci|mmio MEGABYTES: a tap, with another one of two queues and a packed ring beside it; the entropy device; then work goes on while
# the VMM's process is stopped and let go again.
. /lab/inside/virtio/network.sh
prepare_disk || exit
serve "$2"
tap_device tap0 10.0.7.1
devices "$1"
root_disk
disk "$(new_disk data 64M)" direct
tap tap0 mac=52:54:00:12:34:56
tap tap1 packed "queues=$vcpus"
entropy
later tap_of_vmm tap1 10.0.6.1
A=$vcpus guest net || exit
blob_came_back || exit
clean_messages
