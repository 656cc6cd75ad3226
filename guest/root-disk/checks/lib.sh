# Sourced by the checks: how they say what went right and wrong. The last line of a script is `finish`.
failures=0
failed() { echo "check: FAILED: $*"; failures=$((failures + 1)); }
# check WHAT COMMAND...: the command must succeed; its last lines are shown if it does not.
check() {
  what=$1
  shift
  if output=$("$@" 2>&1); then
    echo "check: ok: $what"
  else
    failed "$what: status $?: $(echo "$output" | tail -n 4)"
  fi
}
refuse() { # refuse WHAT COMMAND...: the command must fail
  what=$1
  shift
  if "$@" >/dev/null 2>&1; then failed "$what: was not refused"; else echo "check: ok: $what"; fi
}
same() { # same WHAT WANTED GOT
  if [ "$2" = "$3" ]; then echo "check: ok: $1 is $2"; else failed "$1 is \"$3\", not \"$2\""; fi
}
finish() { echo "checks-done: $failures failures"; exit $((failures != 0)); }

# driver_of CLASS/NAME: the directory of the virtio device behind /sys/class/CLASS/NAME.
virtio_of() { readlink -f "/sys/class/$1/device"; }
# same_face WHAT pci|mmio DIRECTORY: the virtio device is behind that transport.
same_face() {
  case $3 in
    */pci*/virtio*) face=pci ;;
    */virtio*) face=mmio ;;
    *) face="none: $3" ;;
  esac
  same "the transport of $1" "$2" "$face"
}
# feature DIRECTORY BIT: 1 if the driver took this feature. sysfs has a string of digits, bit 0 first.
feature() { cut -c $(($2 + 1)) "$1/features"; }
