# Runs inside the lab's machine: virtio devices of Skiff and of QEMU, in turns, with the same guest. /lab/settings has
# runs, seconds, parts. Leaves numbers in /lab/results/VMM.NAME, one a line and run.
. /lab/settings
mkdir -p /tmp/case /lab/results
: >/tmp/vmm
. /lab/inside/scenario.sh
. /lab/inside/virtio/network.sh
later_pids=

modprobe brd rd_nr=2 rd_size=655360
modprobe ext4
mkdir /disk
# The disk that is measured: memory, and no page of it that is not there.
dd if=/dev/zero of=/dev/ram1 bs=1M count=256 2>/dev/null
outside
tap_device tap0 10.0.7.1
later iperf3 -s
later net-rr serve 7

cat >/tmp/bench-script <<SCRIPT
expect skiff:~#
send sh /checks/bench $seconds $parts\n
expect bench-done
send poweroff\n
exit 0
SCRIPT

measure() { # measure VMM
  echo "$1" >/tmp/vmm
  . /lab/inside/vmm.sh
  devices pci
  disk /cache/root-disk/bench.ext4 read_only
  disk /dev/ram1 direct thread
  tap tap0
  if [ "$1" = skiff ]; then user_net passt; else user_net libslirp; fi
  vmm_command /cache/kernel/cloud-amd64/vmlinux /cache/initramfs/cloud.cpio.gz 1 512M \
    "console=ttyS0 quiet mitigations=off root=/dev/vda ro"
  if ! lab-expect --timeout 200 --log /tmp/case/console /tmp/bench-script $vmm >/tmp/case/out 2>&1; then
    echo "$1: $(tail -n 3 /tmp/case/out)"
    tail -n 5 /tmp/case/console
    failed=1
  fi
  tr -d '\r' </tmp/case/console | sed -n 's/^bench: //p' | while read -r name value; do
    echo "$value" >>"/lab/results/$1.$name"
    echo "  $1 $name $value"
  done
}

failed=0
for run in $(seq "$runs"); do
  # Who goes first takes turns too.
  if [ $((run % 2)) = 1 ]; then order="skiff qemu"; else order="qemu skiff"; fi
  for contender in $order; do
    case " $contenders " in *" $contender "*) measure "$contender" ;; esac
  done
done
exit $failed
