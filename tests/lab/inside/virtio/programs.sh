# programs: the guest programs of the virtio drivers on arm64, over PCI and MMIO, by message, by wire and by looking; both kinds of
# ring. (They have no way to end with a status there: what they print counts.)
failed=0
truncate -s 16M /tmp/case-disk
# try PROGRAM WORDS: it does all it can, and nothing of it fails.
try() {
  vmm_command "/lab/guest/$1" "" 1 64M "$2"
  $vmm </dev/null >/tmp/case/said 2>&1 || { echo "$1 $2: the machine did not end well"; failed=1; }
  cat /tmp/case/said
  grep -aq "^$1: ok reset" /tmp/case/said || { echo "$1 $2, $face: it did not come to its end"; failed=1; }
  ! grep -a 'FAIL' /tmp/case/said || { echo "$1 $2, $face: it failed"; failed=1; }
}
for face in pci mmio; do
  for ring in '' packed; do
    devices $face
    disk /tmp/case-disk $ring
    entropy $ring
    for irq in msix line poll; do
      for program in virtio-blk virtio-rng; do
        try $program "irq=$irq ${ring:+ring=packed}"
      done
    done
  done
done
rm /tmp/case-disk
exit $failed
