# kill pci|mmio: kill -9 of the VMM just after the guest was told that its data are on disk; the next guest finds them.
prepare_disk || exit
devices "$1"
root_disk
disk "$(new_disk data 128M)"
guest kill-first || exit
devices "$1"
root_disk
disk /disk/data
guest kill-second
