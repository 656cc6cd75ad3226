# rebind pci|mmio TIMES: the shell on hvc0, ports of the console; then every driver is taken off its device and put back while
# the device works.
. /lab/inside/virtio/network.sh
prepare_disk || exit
tap_device tap0 10.0.7.1
devices "$1"
root_disk
disk "$(new_disk data 64M)" direct "queues=$vcpus"
tap tap0
console_port hvc console
console_port log file /tmp/case/port
console_port nowhere null
entropy
terminal="ttyS0 console=hvc0"
A=$2 guest rebind || exit
{ seq 20000; echo after-rebind; } >/tmp/case/port.wanted
tr -d '\0' </tmp/case/port >/tmp/case/port.got
cmp /tmp/case/port.wanted /tmp/case/port.got || { echo "the port's file is not what the guest wrote"; exit 1; }
clean_messages
