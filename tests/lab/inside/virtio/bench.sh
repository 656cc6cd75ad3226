# bench doorbell|disk|net|console|rest|vs|gicv2: `skiff bench` with the guests of guest/ on arm64. How often a request leaves the guest is the
# devices' and the drivers', not the machine's: only that is looked at, no time. The tolerance is for what happens at a loop's
# two ends: on a slow machine there are few requests between them.
[ "$(cat /tmp/vmm)" = skiff ] || exit 0
failed=0

# measure CELL EXITS INTERRUPTS ...: the exits to Skiff of a request ("2+kicks": and one for each time the device was told), and
# the interrupts it ends with ("-": as many as the machine's speed makes of it).
measure() {
  filters=
  : >/tmp/case/wanted
  while [ $# -gt 0 ]; do
    filters="$filters --filter $1"
    echo "$1 $2 $3" >>/tmp/case/wanted
    shift 3
  done
  # shellcheck disable=SC2086
  skiff bench --guests /lab/guest --scratch /tmp --runs 1 $filters --json /tmp/case/report >/tmp/case/table || failed=1
  cat /tmp/case/table
  # A line for each metric of each cell: CELL METRIC MEDIAN.
  sed 's/"id":/\n"id":/g; s/"\(user_exits\|interrupts\|kicks\)":{"median":/\n\1 /g' /tmp/case/report |
    sed -n 's/^"id":"\([^"]*\)".*/cell \1/p; s/^\([a-z_]* [-+.0-9E]*\),.*/\1/p' |
    awk '$1 == "cell" { cell = $2; next } { print cell, $1, $2 }' >/tmp/case/found
  awk '
    NR == FNR { found[$1, $2] = $3; next }
    function is_near(a, b) { return a - b < 0.3 + b / 50 && b - a < 0.3 + b / 50 }
    !(($1, "user_exits") in found) { print "bench: " $1 " was not measured"; failed = 1; next }
    {
      exits = $2 + 0
      if ($2 ~ /kicks/) {
        exits += found[$1, "kicks"]
        if (found[$1, "kicks"] == 0) { print "bench: " $1 ": the device is never told"; failed = 1 }
      }
      if (!is_near(found[$1, "user_exits"], exits)) {
        print "bench: " $1 ": " found[$1, "user_exits"] " exits a request, not " exits; failed = 1
      }
      if ($3 != "-" && !is_near(found[$1, "interrupts"], $3)) {
        print "bench: " $1 ": " found[$1, "interrupts"] " interrupts a request, not " $3; failed = 1
      }
    }
    END { exit failed }' /tmp/case/found /tmp/case/wanted || failed=1
}

case $1 in
  doorbell)
    # Nothing that is reached by I/O ports is in the list.
    skiff bench --list --full >/tmp/case/list || failed=1
    grep -q '^doorbell/gicv3/mmio-write$' /tmp/case/list || { echo "bench: the list has no doorbells"; failed=1; }
    ! grep -E 'port|ide|16550' /tmp/case/list || failed=1
    measure doorbell/gicv3/mmio-write 1 0 doorbell/gicv3/ioeventfd-mmio 0 0 doorbell/gicv3/hypercall 0 0 \
      doorbell/gicv3/hlt-irq 0 1 doorbell/gicv3/ipi 0 1
    ;;
  disk)
    # virtio-mmio: two registers for each interrupt. NVMe without buffers and ioeventfds: a doorbell of each queue.
    measure disk/virtio-pci/memory/read-4096-d1 0 1 disk/virtio-pci,packed/memory/read-4096-d1 0 1 \
      disk/virtio-pci,no-event-idx,no-ioeventfd/memory/read-4096-d1 0+kicks 1 \
      disk/virtio-pci,no-ioeventfd/memory/read-4096-d1 0+kicks 1 \
      disk/virtio-pci/memory/read-4096-d32 0 0.03 disk/virtio-mmio/memory/write-4096-d1 2 1 \
      disk/virtio-mmio,no-ioeventfd/memory/read-4096-d1 2+kicks 1 \
      disk/nvme/memory/read-4096-d1 0 1 disk/nvme,no-shadow,no-ioeventfd/memory/read-4096-d1 1+kicks 1
    ;;
  net)
    modprobe tun
    measure net/virtio-pci/transmit-1500 0 0.02 net/virtio-pci/pingpong-64 0 1 net/virtio-mmio/pingpong-64 2 1
    ;;
  gicv2)
    # Messages by the GICv2m frame.
    measure doorbell/gicv2/mmio-write 1 0 doorbell/gicv2/hlt-irq 0 1 doorbell/gicv2/ipi 0 1 \
      disk/virtio-pci/memory/read-4096-d1 0 1 disk/virtio-mmio/memory/read-4096-d1 2 1
    ;;
  rest)
    # What the other cases have not: a file and nothing behind a disk, an e1000, what comes in on the console.
    modprobe tun
    measure disk/virtio-pci/file/read-4096-d1 0 1 disk/virtio-pci/null/read-4096-d1 0 1 disk/nvme/file/read-4096-d1 0 1 \
      net/virtio-pci/receive-1500 0 - net/e1000/transmit-1500 0 0.02 net/e1000/pingpong-64 3 1 console/pl011,byte/in 129 -
    ;;
  vs)
    # The same guests under QEMU, which is told what Skiff's board is; without firmware they place PCI functions by themselves.
    cells="doorbell/gicv3/mmio-write disk/virtio-pci/memory/read-4096-d1 disk/virtio-mmio/memory/read-4096-d1
      disk/nvme/memory/read-4096-d1 console/pl011,fifo/out"
    filters=
    for cell in $cells; do filters="$filters --filter $cell"; done
    # shellcheck disable=SC2086
    skiff bench --guests /lab/guest --scratch /tmp --runs 1 --vs qemu $filters --json /tmp/case/report >/tmp/case/table || failed=1
    cat /tmp/case/table
    sed 's/"id":/\n"id":/g' /tmp/case/report >/tmp/case/cells
    for cell in $cells; do
      for monitor in skiff qemu; do
        grep -F "\"id\":\"$cell\"" /tmp/case/cells | grep -F "\"monitor\":\"$monitor\",\"trouble\":\"\",\"skipped\":false" |
          grep -q '"user_exits"\|"p50_ns"' || { echo "bench: no numbers of $monitor for $cell"; failed=1; }
      done
    done
    ;;
  console)
    # A byte: the look at the flags, and the write. Sixteen by one look.
    measure console/pl011,byte/out 128 0 console/pl011,fifo/out 68 0 console/virtio-console/out 0 1
    ;;
esac
exit $failed
