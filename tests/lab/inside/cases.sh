# Runs inside the lab's machine: plays the cases named in /lab/wanted, one after the other, and leaves of each in
# /lab/results NAME.status, NAME.console (what the guest printed) and NAME.out (what went wrong; the VMM's own messages).
cp /lab/vmm /tmp/vmm
. /lab/arch
. /lab/inside/vmm.sh
. /lab/inside/scenario.sh
mkdir -p /lab/results /tmp/case

# MiB of a memory setting such as 512M, less what a kernel keeps for itself: in KiB, for MemTotal.
memory_floor() { echo $((${1%M} * 1024 * 85 / 100 - 65536 )); }

play() {
  name=$1 kernel=$2 image=$3 vcpus=$4 memory=$5 script=$6
  shift 6
  rm -f /tmp/case/*
  more_sections='' skiff_options=''
  : >"/lab/results/$name.console"
  case $script in
    @*)
      scenario "${script#@}" "$@" >"/lab/results/$name.out" 2>&1
      status=$?
      echo "$status" >"/lab/results/$name.status"
      return
      ;;
  esac
  sed -e "s/@VCPUS@/$vcpus/g; s/@MEMORY_FLOOR@/$(memory_floor "$memory")/; s/@PANIC_STATUS@/$vmm_panic_status/; s/@CONSOLE@/$guest_console/" \
    "/lab/consoles/$script" >/tmp/case/script
  # Devices that the case's guest has.
  [ ! -e "/lab/inside/setup/$script.sh" ] || . "/lab/inside/setup/$script.sh"
  options=
  [ "$script" != terminal ] || options=--terminal
  if [ "$kernel" = guest ]; then
    vmm_command "/lab/guest/$image" "" "$vcpus" "$memory" "$*"
  else
    vmm_command "/cache/kernel/$kernel-$deb_arch/$image" "/cache/initramfs/$kernel$initramfs_suffix.cpio.gz" "$vcpus" "$memory" \
      "console=$guest_console quiet $*"
  fi
  lab-expect $options --timeout 90 --log "/lab/results/$name.console" /tmp/case/script $vmm \
    >"/lab/results/$name.out" 2>&1
  status=$?
  if [ "$status" = 0 ]; then
    case $script in
      dmesg) sh /lab/inside/check-dmesg.sh "/lab/results/$name.console" /lab/inside/dmesg-allowed ;;
      flood) sh /lab/inside/check-flood.sh "/lab/results/$name.console" "${1#kb=}" ;;
    esac >>"/lab/results/$name.out"
    status=$?
  fi
  echo "$status" >"/lab/results/$name.status"
}

# An emulated machine stands still for seconds when its host is busy, and its KVM now and then loses a guest: a case that
# fails is played again, in a machine that was started anew, three times at most, and all are told (docs/lab.md). What it
# left of its earlier tries is NAME.first-console and NAME.first-out, NAME.second-...; it has no status until the last.
timed_play() {
  start=$(cut -d' ' -f1 /proc/uptime)
  play "$@" </dev/null
  end=$(cut -d' ' -f1 /proc/uptime)
  seconds=$(awk "BEGIN { printf \"%.1f\", $end - $start }")
}
failed=0
while read -r group name rest; do
  echo "$name" >/lab/results/playing
  # shellcheck disable=SC2086
  timed_play "$name" $rest
  verdict=pass
  if [ "$status" != 0 ]; then
    verdict=FAIL failed=1
    for try in first second; do
      [ ! -e "/lab/results/$name.$try-out" ] || continue
      verdict=again
      tail -n 12 "/lab/results/$name.out" | sed 's/^/      /' >/tmp/case/said
      rm -f "/lab/results/$name.status"
      for part in out console; do mv "/lab/results/$name.$part" "/lab/results/$name.$try-$part"; done
      break
    done
  fi
  echo "$verdict  $group/$name  $seconds s"
  case $verdict in
    again) cat /tmp/case/said ;;
    FAIL) tail -n 12 "/lab/results/$name.out" | sed 's/^/      /' ;;
  esac
done </lab/wanted
rm -f /lab/results/playing
exit $failed
