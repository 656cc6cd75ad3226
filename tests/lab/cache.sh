# Sourced by the lab's scripts: where things are. SKIFF_CACHE moves the cache.
# shellcheck shell=sh disable=SC2034
root=$(cd "$(dirname "$0")/../.." && pwd)
cache=${SKIFF_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/skiff}
mkdir -p "$cache"
# The lab's machine and what runs in it: SKIFF_LAB_ARCH, which --arch of run.sh and cases.sh sets.
use_architecture() {
  lab_arch=$1
  case $lab_arch in
    x86_64) deb_arch=amd64 base=$cache/base.cpio.gz initramfs_suffix='' guest_console=ttyS0 ;;
    aarch64) deb_arch=arm64 base=$cache/base-arm64.cpio.gz initramfs_suffix=-arm64 guest_console=ttyAMA0 ;;
    *) echo "lab: there is no lab for $lab_arch" >&2; exit 2 ;;
  esac
  export SKIFF_LAB_ARCH="$lab_arch"
}
use_architecture "${SKIFF_LAB_ARCH:-x86_64}"
