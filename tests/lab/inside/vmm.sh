# How each VMM is started; /tmp/vmm says which. Sets vmm (the command) and vmm_panic_status.
case $(cat /tmp/vmm) in
  skiff)
    vmm_panic_status=122
    vmm_command() {  # KERNEL INITRD VCPUS MEMORY CMDLINE; INITRD may be empty
      initrd=
      [ -z "$2" ] || initrd="initrd = \"$2\""
      cat >/tmp/case/vm.toml <<TOML
[machine]
vcpus = $3
memory = "$4"

[boot]
kernel = "$1"
$initrd
cmdline = "$5"
TOML
      vmm="skiff run /tmp/case/vm.toml"
    }
    ;;
  qemu)  # the yardstick: shows whether the lab or the VMM is at fault
    vmm_panic_status=1
    # QEMU reserves its guest's memory; the large guests are larger than this machine.
    echo 1 >/proc/sys/vm/overcommit_memory
    vmm_command() {
      initrd=
      [ -z "$2" ] || initrd="-initrd $2"
      cat >/tmp/case/start <<QEMU
exec qemu-system-x86_64 -L /usr/share/seabios -L /usr/share/qemu -M q35 -accel kvm -cpu host -smp $3 -m $4 -nodefaults -no-user-config -display none \
  -chardev stdio,id=c,signal=off -serial chardev:c -device pvpanic -action panic=exit-failure -kernel $1 $initrd -append "$5"
QEMU
      vmm="sh /tmp/case/start"
    }
    ;;
esac
