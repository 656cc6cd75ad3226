# why: what Skiff says of guests that are silent for a reason, that panic, and that rest (docs/why.md). The kernel brings no
# file of symbols, and one has unpacked itself: it is where KASLR wanted it.
[ "$(cat /tmp/vmm)" = skiff ] || exit 0
devices pci
failed=0
# page_has FILE TEXT...: each of the texts is in it.
page_has() {
  page=$1
  shift
  for text in "$@"; do
    grep -aqF -- "$text" "$page" || { echo "why: not said: $text"; failed=1; }
  done
  [ $failed = 0 ] || tail -c 6000 "$page"
}
# silent_guest PAGE INITRD CMDLINE LAST-WORDS: a guest nobody talks to, until Skiff has said LAST-WORDS of it.
silent_guest() {
  vmm_command "/cache/kernel/$kernel-$deb_arch/$image" "$2" "$vcpus" "$memory" "$3"
  $vmm --set machine.why_after=5 </dev/null >/tmp/case/out 2>"$1" &
  pid=$!
  wait_for 300 grep -aqF "$4" "$1" || echo "why: nothing was said"
  kill -KILL $pid
  wait $pid 2>/dev/null
}

# No console=: it works, and nobody hears it. (On arm64 the device tree names a console.)
[ "$deb_arch" = arm64 ] || {
silent_guest /tmp/case/mute "/cache/initramfs/$kernel$initramfs_suffix.cpio.gz" quiet 'has printed nothing'
page_has /tmp/case/mute 'its command line has no console='
}

# No root device: the driver of none is in the kernel, and there is no initramfs. It panics and spins.
plain_image=$image
image=vmlinuz
[ "$deb_arch" != amd64 ] || boot_keys='protocol = "linux64"'
silent_guest /tmp/case/panic '' "console=$guest_console root=/dev/vda" 'Last exits'
# Debian's arm64 kernels name their functions only (no CONFIG_KALLSYMS_ALL): no messages, no release.
if [ "$deb_arch" = arm64 ]; then
  page_has /tmp/case/panic 'keeps a processor busy' 'symbols read from its memory' 'panic+0x' 'mount_block_root+0x'
else
page_has /tmp/case/panic 'keeps a processor busy: the kernel has panicked for want of a root device (/dev/vda)' \
  'neither a [[disk]] nor boot.initrd is configured' 'symbols read from its memory' \
  'Kernel Offset: 0x' "Command line: console=$guest_console root=/dev/vda" '] Kernel panic - not syncing: VFS: Unable to mount root fs' 'panic+0x'
fi
image=$plain_image boot_keys=
cat /tmp/case/panic >>"/lab/results/$name.console"

# A shell that waits: asked by the escape key.
cp /lab/consoles/why /tmp/case/script
[ "$deb_arch" = amd64 ] || sed -i 's/HLT with interrupts on/WFI/; /64-bit mode/d; /Linux 6/d; /Run .init/d' /tmp/case/script
vmm_command "/cache/kernel/$kernel-$deb_arch/$image" "/cache/initramfs/$kernel$initramfs_suffix.cpio.gz" "$vcpus" "$memory" "console=$guest_console"
lab-expect --terminal --timeout 400 --log /tmp/case/shell /tmp/case/script $vmm || failed=1
cat /tmp/case/shell >>"/lab/results/$name.console"
exit $failed
