# gic HAS LACKS: `machine.irqchip` said explicitly, on a host whose KVM offers HAS and not LACKS: the one starts; of the other one
# sentence is said, with the key and what to do.
[ "$(cat /tmp/vmm)" = skiff ] || exit 0
failed=0
for chip in "$1" "$2" auto; do
  irqchip=$chip
  vmm_command "/lab/guest/$image" "" "$vcpus" "$memory" ticks=3
  $vmm --no-input </dev/null >/tmp/case/said 2>/tmp/case/complaint
  status=$?
  cat /tmp/case/said /tmp/case/complaint
  if [ "$chip" = "$2" ]; then
    [ $status = 121 ] || { echo "gic: $chip ended with $status"; failed=1; }
    [ "$(wc -l </tmp/case/complaint)" = 1 ] || { echo "gic: that is not one line"; failed=1; }
    grep -qF "/tmp/case/vm.toml:4:11: KVM: machine.irqchip = \"$2\": this host's KVM offers no GIC${2#gic}; use \"auto\"" /tmp/case/complaint || failed=1
  else
    [ $status = 0 ] && grep -q "^irq: serial 38 by $1" /tmp/case/said || { echo "gic: $chip ended with $status"; failed=1; }
  fi
done
exit $failed
