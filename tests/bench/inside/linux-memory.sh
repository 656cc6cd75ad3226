# Runs inside the lab's machine: Skiff's own memory while Debian's cloud kernel waits at its prompt (1 vCPU, 256 MiB).
# Leaves the three numbers of own-memory.awk in /lab/linux-memory.
cat >/tmp/console <<'SCRIPT'
expect Skiff guest:
expect skiff:
sleep 3
send poweroff\n
exit 0
SCRIPT
lab-expect --timeout 90 --log /tmp/log /tmp/console skiff run --kernel /cache/kernel/cloud-amd64/vmlinuz \
  --initrd /cache/initramfs/cloud.cpio.gz --cmdline "console=ttyS0 quiet" --memory 256M &
for second in $(seq 90); do
  ! grep -qs 'skiff:~' /tmp/log || break
  sleep 1
done
sleep 1
awk -f /lab/own-memory.awk "/proc/$(pidof skiff)/smaps" >/lab/linux-memory
wait $!
