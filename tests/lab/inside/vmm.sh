# How each VMM is started; /tmp/vmm says which. Sets vmm (the command) and vmm_panic_status, and has a function for each
# device a case may want: they take effect with the next vmm_command.
#   devices pci|mmio|nvme        forget all devices; the next ones are on that transport (nvme: disks, and Skiff alone)
#   disk PATH [WORD...]          read_only direct packed serial=S queues=N block_size=N thread
#   ide_disk PATH [WORD...]      an ATA disk, in the order master, slave, ...: read_only direct serial=S; cdrom: a CD-ROM drive
#   tap NAME [WORD...]           packed mac=M queues=N
#   user_net BACKEND [FORWARD]   auto, passt, libslirp; tcp:ADDRESS:PORT->PORT
#   card e1000                   what the network cards from here on are, instead of virtio
#   console_port NAME console|file|null [PATH]
#   entropy
# irqchip kernel|split|user (arm64: gicv3|gicv2) says which the interrupt controllers are, for every vmm_command that follows.
# In skiff_options stand further options of `skiff run`, in more_sections further sections of its configuration.
face=pci
irqchip() { irqchip=$1; }
case $(cat /tmp/vmm) in
  skiff)
    vmm_panic_status=122
    device_file=/tmp/case/devices.toml
    devices() { face=$1 card_face=''; : >$device_file; port_face="face = \"$(face_name)\""; }
    card() { card_face=$1; }
    face_name() {
      case $face in
        pci) echo virtio ;;
        mmio) echo virtio-mmio ;;
        *) echo "$face" ;;
      esac
    }
    # The words that mean the same for every device.
    common() {
      for word in "$@"; do
        case $word in
          packed) echo 'ring = "packed"' ;;
          queues=* | block_size=*) echo "${word%%=*} = ${word#*=}" ;;
          serial=* | mac=*) echo "${word%%=*} = \"${word#*=}\"" ;;
          read_only | direct | inline) echo "$word = true" ;;
          cdrom) echo 'media = "cdrom"' ;;
          thread) ;;
        esac
      done
    }
    disk() {
      printf '[[disk]]\npath = "%s"\nface = "%s"\n' "$1" "$(face_name)" >>$device_file
      shift
      common "$@" >>$device_file
    }
    ide_disk() {
      printf '[[disk]]\npath = "%s"\nface = "ide"\n' "$1" >>$device_file
      shift
      common "$@" >>$device_file
    }
    tap() {
      printf '[[net]]\ntype = "tap"\ntap = "%s"\nface = "%s"\n' "$1" "${card_face:-$(face_name)}" >>$device_file
      shift
      common "$@" >>$device_file
    }
    user_net() {
      printf '[[net]]\ntype = "user"\nbackend = "%s"\nface = "%s"\n' "$1" "${card_face:-$(face_name)}" >>$device_file
      [ -z "${2:-}" ] || echo "forward = [\"$2\"]" >>$device_file
    }
    console_port() {
      printf '[[virtio_console]]\nname = "%s"\ntarget = "%s"\n%s\n' "$1" "$2" "$port_face" >>$device_file
      [ "$2" != console ] || echo 'console = true' >>$device_file
      [ -z "${3:-}" ] || echo "path = \"$3\"" >>$device_file
      port_face=
    }
    entropy() {
      printf '[rng]\nface = "%s"\n' "$(face_name)" >>$device_file
      common "$@" >>$device_file
    }
    vmm_command() {  # KERNEL INITRD VCPUS MEMORY CMDLINE; INITRD may be empty
      initrd='' irqchip_line=''
      [ -z "$2" ] || initrd="initrd = \"$2\""
      [ -z "${irqchip:-}" ] || irqchip_line="irqchip = \"$irqchip\""
      cat >/tmp/case/vm.toml <<TOML
[machine]
vcpus = $3
memory = "$4"
$irqchip_line

[boot]
kernel = "$1"
$initrd
cmdline = "$5"
${boot_keys:-}

${more_sections:-}
$(cat $device_file 2>/dev/null)
TOML
      vmm="skiff run /tmp/case/vm.toml ${skiff_options:-}"
    }
    ;;
  qemu)  # the yardstick: shows whether the lab or the VMM is at fault
    vmm_panic_status=1
    # QEMU reserves its guest's memory; the large guests are larger than this machine.
    echo 1 >/proc/sys/vm/overcommit_memory
    device_file=/tmp/case/devices.args
    serial_args="-chardev stdio,id=c,signal=off -serial chardev:c"
    devices() {
      face=$1 place=0 card_face=''
      : >$device_file
      serial_args="-chardev stdio,id=c,signal=off -serial chardev:c"
    }
    card() { card_face=$1; }
    # new_device KIND PROPERTIES: microvm's places are named, for it would fill them from the last one on.
    new_device() {
      if [ "$1" = net ] && [ -n "$card_face" ]; then
        echo "-device $card_face$2" >>$device_file
      elif [ "$face" = mmio ]; then
        echo "-device virtio-$1-device,bus=virtio-mmio-bus.$place$2" >>$device_file
      else
        echo "-device virtio-$1-pci$2" >>$device_file
      fi
      place=$((place + 1))
    }
    disk() {
      drive="if=none,id=d$place,file=$1,format=raw,discard=unmap" properties=",drive=d$place" cache=writeback
      shift
      for word in "$@"; do
        case $word in
          packed) properties="$properties,packed=on" ;;
          queues=*) properties="$properties,num-queues=${word#*=}" ;;
          serial=*) properties="$properties,$word" ;;
          block_size=*) properties="$properties,logical_block_size=${word#*=},physical_block_size=${word#*=}" ;;
          read_only) drive="$drive,readonly=on" ;;
          direct) cache=none drive="$drive,aio=io_uring" ;;
          thread)
            echo "-object iothread,id=t$place" >>$device_file
            properties="$properties,iothread=t$place"
            ;;
        esac
      done
      echo "-drive $drive,cache=$cache" >>$device_file
      new_device blk "$properties"
    }
    ide_disk() {
      unit=$(grep -c 'device ide-' $device_file) kind=ide-hd
      drive="if=none,id=i$unit,file=$1,format=raw" properties="bus=ide.$((unit / 2)),unit=$((unit % 2)),drive=i$unit"
      ide_machine=pc
      shift
      for word in "$@"; do
        case $word in
          serial=*) properties="$properties,$word" ;;
          cdrom) kind=ide-cd ;;
        esac
      done
      echo "-drive $drive -device $kind,$properties" >>$device_file
    }
    tap() {
      backend="tap,id=n$place,ifname=$1,script=no,downscript=no" properties=",netdev=n$place"
      shift
      for word in "$@"; do
        case $word in
          packed) properties="$properties,packed=on" ;;
          mac=*) properties="$properties,$word" ;;
          queues=*)
            backend="$backend,queues=${word#*=}"
            properties="$properties,mq=on"
            [ "$face" = mmio ] || properties="$properties,vectors=$((2 * ${word#*=} + 2))"
            ;;
        esac
      done
      echo "-netdev $backend" >>$device_file
      # Its PXE code would want a file of its own.
      [ "$face" = mmio ] || properties="$properties,romfile="
      new_device net "$properties"
    }
    user_net() {
      forward=
      [ -z "${2:-}" ] || forward=",hostfwd=$(echo "$2" | sed 's/->/-:/')"
      echo "-netdev user,id=n$place$forward" >>$device_file
      properties=",netdev=n$place"
      [ "$face" = mmio ] || properties="$properties,romfile="
      new_device net "$properties"
    }
    ports=0
    console_port() {
      grep -q virtio-serial $device_file || new_device serial ''
      case $2 in
        console)
          serial_args="-chardev stdio,id=c,signal=off -serial null"
          echo "-device virtconsole,chardev=c,name=$1" >>$device_file
          return
          ;;
        file) echo "-chardev file,id=p$1,path=$3" >>$device_file ;;
        null) echo "-chardev null,id=p$1" >>$device_file ;;
      esac
      echo "-device virtserialport,chardev=p$1,name=$1" >>$device_file
    }
    entropy() { new_device rng ''; }
    vmm_command() {
      initrd=
      [ -z "$2" ] || initrd="-initrd $2"
      if [ "${deb_arch:-amd64}" = arm64 ]; then
        # No firmware: QEMU writes the device tree and enters the kernel itself.
        cat >/tmp/case/start <<QEMU
exec qemu-system-aarch64 -L /usr/share/qemu -M virt,gic-version=3 -accel kvm -cpu host -smp $3 -m $4 -nodefaults -no-user-config -display none \
  $serial_args $(cat $device_file 2>/dev/null | tr '\n' ' ') -kernel $1 $initrd -append "$5"
QEMU
        vmm="sh /tmp/case/start"
        return
      fi
      machine="${ide_machine:-q35} -device pvpanic -action panic=exit-failure"
      case ${irqchip:-kernel} in
        split) machine="$machine,kernel-irqchip=split" ;;
        user) machine="$machine,kernel-irqchip=off" ;;
      esac
      [ "$face" != mmio ] || machine="microvm,acpi=on,rtc=on,pcie=off -global virtio-mmio.force-legacy=false"
      cat >/tmp/case/start <<QEMU
exec qemu-system-x86_64 -L /usr/share/seabios -L /usr/share/qemu -M $machine -accel kvm -cpu host -smp $3 -m $4 -nodefaults -no-user-config -display none \
  $serial_args $(cat $device_file 2>/dev/null | tr '\n' ' ') -kernel $1 $initrd -append "$5"
QEMU
      vmm="sh /tmp/case/start"
    }
    ;;
esac
