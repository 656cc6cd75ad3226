# Runs inside the lab's machine: milliseconds from the exec of a VMM to the first line of the guest's /init, Debian's cloud
# kernel, 1 vCPU, 256 MiB. The contenders take turns, so that what disturbs the machine disturbs all. /lab/runs says how many.
runs=$(cat /lab/runs)
. /lab/arch
# A bzImage unpacks itself, a vmlinux (PVH) need not; arm64 has one kind of image.
case $deb_arch in
  amd64) contenders="skiff-vmlinux:vmlinux skiff-bzimage:vmlinuz qemu-vmlinux:vmlinux" yardstick=qemu-vmlinux ;;
  arm64) contenders="skiff-image:vmlinuz qemu-image:vmlinuz" yardstick=qemu-image ;;
esac
mkdir -p /tmp/case /lab/results

once() {  # NAME VMM IMAGE
  echo "$2" >/tmp/vmm
  . /lab/inside/vmm.sh
  vmm_command "/cache/kernel/cloud-$deb_arch/$3" "/cache/initramfs/cloud$initramfs_suffix.cpio.gz" 1 256M \
    "console=$guest_console quiet skiff.marker skiff.once"
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
  for contender in $contenders; do once "${contender%:*}" "${contender%%-*}" "${contender#*:}"; done
done
[ -s /lab/results/$yardstick.ms ] || exit 1
base=$(median /lab/results/$yardstick.ms)
for contender in $contenders; do
  name=${contender%:*}
  [ -s "/lab/results/$name.ms" ] || continue
  ms=$(median "/lab/results/$name.ms")
  awk -v name="$name" -v ms="$ms" -v base="$base" -v runs="$(wc -l <"/lab/results/$name.ms")" -v low="$(sort -n "/lab/results/$name.ms" | head -n 1)" \
    -v high="$(sort -n "/lab/results/$name.ms" | tail -n 1)" 'BEGIN {
      printf "%-14s median %7.0f ms  min %7.0f ms  max %7.0f ms  %5.2f x qemu  (%d runs)\n", name, ms, low, high, ms / base, runs
    }'
done
exit $failed
