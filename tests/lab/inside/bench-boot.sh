# Runs inside the lab's machine: milliseconds from the exec of a VMM to the first line of the guest's /init, Debian's cloud
# kernel, 1 vCPU, 256 MiB. The contenders take turns, so that what disturbs the machine disturbs all. /lab/runs says how many.
runs=$(cat /lab/runs)
mkdir -p /tmp/case /lab/results

once() {  # NAME VMM IMAGE
  echo "$2" >/tmp/vmm
  . /lab/inside/vmm.sh
  vmm_command "/cache/kernel/cloud-amd64/$3" /cache/initramfs/cloud.cpio.gz 1 256M \
    "console=ttyS0 quiet skiff.marker skiff.once"
  if lab-expect --timeout 60 --times /tmp/case/times /lab/consoles/boot-time $vmm >/tmp/case/out 2>&1; then
    awk 'NR == 1 { print $2 }' /tmp/case/times >>"/lab/results/$1.ms"
  else
    echo "$1: $(tail -n 1 /tmp/case/out)"
    failed=1
  fi
}

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

failed=0
# The first boot of each reads its kernel into the page cache; it does not count.
for run in $(seq 0 "$runs"); do
  [ "$run" != 1 ] || rm -f /lab/results/*.ms
  once skiff-vmlinux skiff vmlinux
  once skiff-bzimage skiff vmlinuz
  once qemu-vmlinux qemu vmlinux
done
[ -s /lab/results/qemu-vmlinux.ms ] || exit 1
base=$(median /lab/results/qemu-vmlinux.ms)
for name in skiff-vmlinux skiff-bzimage qemu-vmlinux; do
  [ -s "/lab/results/$name.ms" ] || continue
  ms=$(median "/lab/results/$name.ms")
  awk -v name="$name" -v ms="$ms" -v base="$base" -v runs="$(wc -l <"/lab/results/$name.ms")" -v low="$(sort -n "/lab/results/$name.ms" | head -n 1)" \
    -v high="$(sort -n "/lab/results/$name.ms" | tail -n 1)" 'BEGIN {
      printf "%-14s median %7.0f ms  min %7.0f ms  max %7.0f ms  %5.2f x qemu  (%d runs)\n", name, ms, low, high, ms / base, runs
    }'
done
exit $failed
