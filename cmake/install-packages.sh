#!/bin/bash
# install-packages.sh GROUP...: installs the Debian packages of the groups that are not there yet.
# Groups: build, run, test, bench, aarch64. Does nothing, without asking for root, when all are installed.
set -euo pipefail

build=(g++ cmake ninja-build pkg-config git
       libboost1.81-dev libspdlog-dev libfmt-dev libtomlplusplus-dev libcli11-dev
       zlib1g-dev liblzma-dev libzstd-dev liblz4-dev libbz2-dev liburing-dev libfdt-dev)
run=(busybox-static cpio gzip xz-utils lz4 zstd kmod qemu-system-x86
     passt libslirp0)
test=(libgtest-dev libgmock-dev libbenchmark-dev clang-19 clang-tidy-19 clang-format-19
      libclang-rt-19-dev lld-19 acpica-tools genisoimage device-tree-compiler tmux socat expect python3 python3-yaml python3-jsonschema
      mandoc)
# What configuring the tests asks for: the benchmark's programs are built with them.
bench=(libgtest-dev libgmock-dev libbenchmark-dev strace)
aarch64=(crossbuild-essential-arm64 qemu-user-static device-tree-compiler)
aarch64_foreign=(zlib1g-dev:arm64 liblzma-dev:arm64 libzstd-dev:arm64 liblz4-dev:arm64
                 libbz2-dev:arm64 liburing-dev:arm64 libgtest-dev:arm64 libgmock-dev:arm64)

wanted=()
for group in "$@"; do
  case "$group" in
    build) wanted+=("${build[@]}") ;;
    run) wanted+=("${run[@]}") ;;
    test) wanted+=("${test[@]}") ;;
    bench) wanted+=("${bench[@]}") ;;
    aarch64)
      wanted+=("${aarch64[@]}" "${aarch64_foreign[@]}") ;;
    *) echo "install-packages.sh: no group \"$group\"" >&2; exit 2 ;;
  esac
done

native=$(dpkg --print-architecture)
# Debian's libfdt-dev cannot be installed for two architectures at once. Its header is the same for both, so the other's archive
# is all that a cross-build wants of it; it is put where an administrator's own libraries belong.
foreign_fdt=/usr/local/lib/aarch64-linux-gnu/libfdt.a
fetch_foreign_fdt() {
  local work
  work=$(mktemp -d)
  (cd "$work" && apt-get download -q -o APT::Sandbox::User=root libfdt-dev:arm64 >/dev/null) &&
    dpkg-deb -x "$work"/libfdt-dev_*.deb "$work/root" &&
    install -D -m 644 "$work/root/usr/lib/aarch64-linux-gnu/libfdt.a" "$foreign_fdt" || {
    rm -rf "$work"
    echo "install-packages.sh: cannot fetch libfdt-dev:arm64 into $foreign_fdt (this needs root)" >&2
    exit 1
  }
  rm -rf "$work"
}

missing=()
for package in "${wanted[@]}"; do
  # Without an architecture in its name the native package is meant, whatever others are there too.
  case $package in *:*) architectures=${package#*:} ;; *) architectures="all|$native" ;; esac
  dpkg-query -W -f='${Architecture} ${Status}\n' "$package" 2>/dev/null |
    grep -qE "^($architectures) install ok installed$" || missing+=("$package")
done
wants_foreign_fdt=no
if [[ " $* " == *" aarch64 "* ]] && [ "$native" != arm64 ] && [ ! -e "$foreign_fdt" ]; then wants_foreign_fdt=yes; fi
if [ ${#missing[@]} -eq 0 ]; then
  [ "$wants_foreign_fdt" = no ] || fetch_foreign_fdt
  exit 0
fi

echo "==> installing ${#missing[@]} Debian packages: ${missing[*]}"
if [ "$(id -u)" -ne 0 ]; then
  echo "This needs root: run it once as root, or: apt-get install ${missing[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
if [[ " ${missing[*]} " == *":arm64 "* ]] && ! dpkg --print-foreign-architectures | grep -qx arm64; then
  dpkg --add-architecture arm64
fi
log=$(mktemp)
if ! { apt-get update -q && apt-get install -qy --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "==> the packages could not be installed; the last lines above say why" >&2
  exit 1
fi
rm -f "$log"
[ "$wants_foreign_fdt" = no ] || fetch_foreign_fdt
