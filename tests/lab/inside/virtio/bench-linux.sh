# bench-linux few|all: `skiff bench linux` over some faces, or every one, once; each cell has a result and says how often it leaves the guest. What
# that costs in time is not looked at: this machine is emulated.
modprobe tun
report=/tmp/case/report.json
# bench INITRAMFS CELL...: measures them.
bench() {
  initramfs=$1 filters=
  shift
  for cell in "$@"; do filters="$filters --filter $cell"; done
  # shellcheck disable=SC2086
  skiff bench linux --kernel "/cache/kernel/$kernel-$deb_arch/$image" --initramfs "$initramfs" --runs 1 --no-pin --patience 600 \
    --scratch /tmp --json $report --html /tmp/case/report.html $filters
}
# value CELL METRIC: its median; nothing where there is none.
value() { grep -F "{\"id\":\"$1\"," /tmp/case/cells | sed -n "s/.*\"$2\":{\"median\":\([^,]*\),.*/\1/p"; }
failures=0
# holds WHAT CONDITION: of awk.
holds() {
  if awk "BEGIN { exit !($2) }" </dev/null 2>/dev/null; then
    echo "bench: ok: $1: $2"
  else
    echo "bench: FAILED: $1: $2"
    failures=$((failures + 1))
    return 1
  fi
}
# has_numbers CELL: requests were measured and their exits counted, by Skiff and by KVM.
has_numbers() {
  holds "$1" "$(value "$1" requests_per_second) + 0 > 0 && $(value "$1" p50_ns) + 0 > 0"
  holds "$1" "$(value "$1" kvm_exits) + 0 > 0 && \"$(value "$1" user_exits)\" != \"\" && \"$(value "$1" vcpu_user_us)\" != \"\""
}

case $1 in
  few) faces='virtio-pci ide,dma' card_faces=virtio-pci card_cells=pingpong-64 chips=user ;;
  all)
    faces='virtio-pci virtio-mmio nvme ide,dma ide,pio' card_faces='virtio-pci virtio-mmio e1000'
    card_cells='transmit-1500 receive-1500 pingpong-64' chips='split user'
    ;;
esac
disks=
for face in $faces; do disks="$disks disk/$face/memory/read-4096-d1"; done
cards=
for face in $card_faces; do
  for cell in $card_cells; do cards="$cards net/$face/$cell"; done
done
controllers=
for irqchip in $chips; do controllers="$controllers disk/virtio-pci/memory/$irqchip/read-4096-d1"; done
deep=disk/virtio-pci/memory/read-4096-d32
# shellcheck disable=SC2086
bench /cache/initramfs/bench.cpio.gz $disks $cards $controllers $deep || exit
# One a line.
sed 's/{"id":/\n&/g' $report | grep '^{"id":' >/tmp/case/cells
for cell in $disks $cards $controllers $deep; do has_numbers "$cell"; done
virtio=$(value disk/virtio-pci/memory/read-4096-d1 user_exits)
for face in $faces; do
  case $face in ide,*) ;; *) continue ;; esac
  ide=$(value disk/$face/memory/read-4096-d1 user_exits)
  holds "$face against virtio-pci" "$ide >= 5 && $ide >= 5 * $virtio"
done
# Its queue's bell is an ioeventfd, and the message that it is done an irqfd: what is left is not the disk's.
holds "virtio-pci leaves for Skiff" "$virtio < 0.5"
holds "32 at once" "$(value $deep user_exits) < 0.1"
holds "virtio-pci is told by interrupts" "$(value disk/virtio-pci/memory/read-4096-d1 interrupts) > 0.5"
# A bell that is written is not one that the guest can count.
holds "kicks" "\"$(value disk/virtio-pci/memory/read-4096-d1 kicks)\" == \"\""
# Without message interrupts each completion is a wire, and the 8259s' registers.
holds "controllers in Skiff" "$(value disk/virtio-pci/memory/user/read-4096-d1 user_exits) >= 3"

holds "the page" "$(grep -c '^<!DOCTYPE html>' /tmp/case/report.html) == 1"
holds "compared with itself" "$(skiff bench compare $report $report | grep -c 'no number differs') == 1"

# What is wrong is said. An initramfs may be several archives, one after the other.
# wrong INITRAMFS CELL TEXT: there is no number, and TEXT.
wrong() {
  bench "$1" "$2" >/tmp/case/said 2>&1
  status=$?
  holds "$3: status $status" "$status == 121 && $(tr -s '\n ' ' ' </tmp/case/said | grep -c "$3") > 0" || cat /tmp/case/said
}
wrong "/cache/initramfs/$kernel.cpio.gz" disk/nvme/memory/read-4096-d1 "the initramfs has no bench-linux that runs"
mkdir -p /tmp/case/bin
cp /lab/guest/bench-linux /tmp/case/bin/
(cd /tmp/case && echo bin/bench-linux | cpio -o -H newc 2>/dev/null | gzip) | cat "/cache/initramfs/$kernel.cpio.gz" - >/tmp/case/without-fio
wrong /tmp/case/without-fio disk/nvme/memory/read-4096-d1 "not measured: there is no fio in the initramfs"
[ $failures = 0 ]
