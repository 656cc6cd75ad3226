# console pci|mmio: a guest whose shell is on hvc0, with ports beside it.
prepare_disk || exit
devices "$1"
root_disk
console_port hvc console
console_port log file /tmp/case/port
console_port nowhere null
terminal="$guest_console console=hvc0"
guest console || exit
seq 20000 >/tmp/case/port.wanted
cmp /tmp/case/port.wanted /tmp/case/port || { echo "the port's file is not what the guest wrote"; exit 1; }
clean_messages || exit
