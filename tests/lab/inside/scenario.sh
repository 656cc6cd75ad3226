# What the scenarios (inside/virtio/) are made of. A scenario is sourced with the case's name, kernel, image, vcpus, memory and
# further words set, and ends with a status other than 0 if something went wrong; what it prints goes to the case's .out file.

# scenario NAME WORD...: plays it.
scenario() (
  later_pids=
  trap 'kill $later_pids 2>/dev/null' EXIT
  scenario=$1
  shift
  # shellcheck disable=SC1090
  . "/lab/inside/virtio/$scenario.sh"
)

# A file system on a RAM disk, for the disks' files: unlike a tmpfs it takes O_DIRECT.
prepare_disk() {
  [ ! -d /disk ] || return 0
  modprobe brd rd_nr=2 rd_size=655360 && modprobe ext4 && mkdir /disk && mkfs.ext4 -q /dev/ram0 &&
    mount -t ext4 /dev/ram0 /disk
}
# new_disk NAME SIZE: an empty sparse file; prints its path.
new_disk() {
  rm -f "/disk/$1"
  truncate -s "$2" "/disk/$1"
  echo "/disk/$1"
}
# The root disk, the guest's vda (or what $root says), in a copy of its own.
root_disk() {
  cp "/cache/root-disk/root$initramfs_suffix.ext4" /disk/root || exit
  disk /disk/root "$@"
}

# guest CONSOLE-SCRIPT [KERNEL-ARGUMENT...]: starts the VMM with the devices described so far and plays the script. @FACE@
# and @...@ of the environment variables FACE, A, B in the script are replaced.
terminal=$guest_console
root=/dev/vda
# On a machine that does other work a byte of the serial port takes a millisecond or more, and its interrupt has processor 0 to
# itself for as long as there is output (the port is never slower than its driver). That is no lockup and no stall.
patience="watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=240"
guest() {
  sed -e "s|@FACE@|$face|g; s|@A@|${A:-}|g; s|@B@|${B:-}|g" "/lab/consoles/virtio-$1" >/tmp/case/script
  shift
  vmm_command "/cache/kernel/$kernel-$deb_arch/$image" "/cache/initramfs/$kernel$initramfs_suffix.cpio.gz" "$vcpus" "$memory" \
    "console=$terminal quiet root=$root rw $patience $*"
  # To be seen from outside while it runs.
  ln -sf "/lab/results/$name.boot" /tmp/case/console
  lab-expect --timeout 400 --log "/lab/results/$name.boot" /tmp/case/script $vmm
  guest_status=$?
  cat /tmp/case/console >>"/lab/results/$name.console"
  [ "$guest_status" = 0 ] || grep -a 'check: FAILED' /tmp/case/console
  return $guest_status
}
# clean_messages [ALSO-ALLOWED]: the messages of the guest's kernel (its script must have asked for `dmesg -r`).
clean_messages() {
  { cat /lab/inside/dmesg-allowed; echo "${1:-}"; } >/tmp/case/allowed-here
  sh /lab/inside/check-dmesg.sh /tmp/case/console /tmp/case/allowed-here
}

# later COMMAND...: runs beside what follows; ends with the scenario at the latest.
later() {
  "$@" &
  later_pids="$later_pids $!"
}
# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
  tries=$(($1 * 5))
  shift
  while [ $tries -gt 0 ]; do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.2
    tries=$((tries - 1))
  done
  return 1
}
says() { grep -aqs "$1" /tmp/case/console; }
