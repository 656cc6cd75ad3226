#!/bin/sh
# Runs a QEMU fit for the lab: one from a newer Debian suite than the machine's, unpacked beside the system.
#
#   qemu.sh --prepare [ARCH]     fetch it if it is not there; print which QEMU will be used
#   qemu.sh --flags [ARCH]       print the -cpu value to use with it
#   qemu.sh x86_64|aarch64 ARG…  run qemu-system-<arch> with these arguments
#
# ARCH is that of the machine inside, x86_64 where none is named; one tree has both.
#
# Why not the system's: the TCG of Debian 12's QEMU 7.2 has an XSAVE defect that kills about a quarter of the
# nested boots of kernels newer than 6.1, and 10.0 dies silently now and then; 11.1 does neither (docs/lab.md).
# The package lists, the packages and the unpacked tree live under the cache directory: the system's own apt
# state is not touched, and no right to install is needed.
#
# SKIFF_CACHE      cache directory (default: $XDG_CACHE_HOME/skiff or ~/.cache/skiff)
# SKIFF_LAB_QEMU   "system" forces the installed QEMU; a directory names an unpacked tree to use
# SKIFF_LAB_SUITES suites to try, in order (default: "trixie-backports sid")
set -eu

say() { echo "lab: $*" >&2; }

guest=x86_64
case ${1:-} in
  --*) guest=${2:-x86_64} ;;
  ?*) guest=$1 ;;
esac
cache=${SKIFF_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/skiff}/lab-qemu
# Holds the name of the tree below $cache. Not the name it had when trees were of x86 alone: those stay for whoever runs them.
ready=$cache/ready-both
suites=${SKIFF_LAB_SUITES:-trixie-backports sid}

# The archive this machine already gets its Debian packages from: no host name is written here.
mirror() {
  apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    awk '$1 == "Debian" && $2 == "main" { print $3; exit }'
}

# Downloads QEMU and everything it links to, by an apt whose every state file is under $2, as on an empty system.
fetch() {
  suite=$1 into=$2
  from=$(mirror)
  [ -n "$from" ] || { say "no Debian archive among this machine's package sources"; return 1; }
  mkdir -p "$into/lists/partial" "$into/archives/partial" "$into/etc"
  # A backports suite needs the one it was made for beside it.
  {
    echo "deb $from $suite main"
    case $suite in *-backports) echo "deb $from ${suite%-backports} main" ;; esac
  } >"$into/etc/sources.list"
  : >"$into/status"
  printf 'Package: *\nPin: release n=%s\nPin-Priority: 990\n' "$suite" >"$into/etc/preferences"
  cat >"$into/etc/apt.conf" <<CONF
Dir::Etc::SourceList "$into/etc/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "$into/etc/preferences";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "$into";
Dir::State::Lists "$into/lists";
Dir::State::status "$into/status";
Dir::Cache "$into";
Dir::Cache::Archives "$into/archives";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Debug::NoLocking "true";
CONF
  say "fetching QEMU from $suite (once; about 170 MB)"
  APT_CONFIG=$into/etc/apt.conf apt-get update -qq >"$into/log" 2>&1 &&
    APT_CONFIG=$into/etc/apt.conf apt-get install -qq -y --download-only qemu-system-x86 qemu-system-arm qemu-system-data seabios \
      >>"$into/log" 2>&1 || { say "that failed:"; tail -n 3 "$into/log" >&2; return 1; }
}

prepare() {
  [ ! -e "$ready" ] || return 0
  command -v apt-get >/dev/null || return 1
  [ "$(uname -m)" = x86_64 ] || return 1
  mkdir -p "$cache"
  # One at a time: CTest may start several lab cases at once.
  exec 9>"$cache/lock"
  ! command -v flock >/dev/null || flock 9
  [ ! -e "$ready" ] || return 0
  for suite in $suites; do
    work=$cache/$suite-both
    rm -rf "$work"
    mkdir -p "$work"
    fetch "$suite" "$work" || continue
    for deb in "$work"/archives/*.deb; do
      dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$work" --exclude='./usr/share/doc' --exclude='./usr/share/man' \
        --exclude='./usr/share/locale' --keep-directory-symlink || return 1
    done
    rm -rf "$work/archives" "$work/lists"
    if version=$(run_in "$work" "$guest" --version 2>/dev/null); then
      echo "$suite-both" >"$ready"
      say "$(echo "$version" | head -n 1)"
      exec 9>&-
      return 0
    fi
    say "the QEMU of $suite does not run here"
  done
  return 1
}

# Becomes that QEMU: a signal to this script's process reaches it.
run_in() {
  tree=$1 arch=$2
  shift 2
  libs=$tree/usr/lib/x86_64-linux-gnu:$tree/lib/x86_64-linux-gnu
  loader=
  for candidate in "$tree/usr/lib64/ld-linux-x86-64.so.2" "$tree/lib64/ld-linux-x86-64.so.2" \
    "$tree/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"; do
    [ ! -e "$candidate" ] || { loader=$candidate; break; }
  done
  [ -n "$loader" ] || return 1
  # No modules of the system's own QEMU, and the firmware of the tree.
  export QEMU_MODULE_DIR="$tree/usr/lib/x86_64-linux-gnu/qemu"
  exec "$loader" --library-path "$libs" \
    "$tree/usr/bin/qemu-system-$arch" -L "$tree/usr/share/qemu" -L "$tree/usr/share/seabios" "$@"
}

chosen_tree() {
  case ${SKIFF_LAB_QEMU:-} in
    system) return 1 ;;
    "") prepare && echo "$cache/$(cat "$ready")" ;;
    *) echo "$SKIFF_LAB_QEMU" ;;
  esac
}

tree=$(chosen_tree) || tree=
case ${1:-} in
  --prepare)
    if [ -n "$tree" ]; then
      run_in "$tree" "$guest" --version | head -n 1
    else
      command -v "qemu-system-$guest" >/dev/null || { say "no QEMU: install the package that has qemu-system-$guest"; exit 1; }
      "qemu-system-$guest" --version | head -n 1
    fi
    ;;
  --flags)
    # Pointer authentication costs a guest exit a third of its time in emulation (docs/lab.md).
    # QEMU 7.2's XSAVE defect shows only when the nested hypervisor is offered XSAVE.
    if [ "$guest" = aarch64 ]; then
      echo "max,pauth=off"
    elif [ -n "$tree" ]; then
      echo "EPYC,+svm,+npt"
    else
      echo "EPYC,+svm,+npt,-xsave,-avx,-avx2,-fma,-f16c,-pclmulqdq"
    fi
    ;;
  x86_64 | aarch64)
    arch=$1
    shift
    if [ -n "$tree" ] && [ -e "$tree/usr/bin/qemu-system-$arch" ]; then
      run_in "$tree" "$arch" "$@"
    else
      exec "qemu-system-$arch" "$@"
    fi
    ;;
  *)
    sed -n '2,6p' "$0" | sed 's/^# \{0,1\}//' >&2
    exit 2
    ;;
esac
