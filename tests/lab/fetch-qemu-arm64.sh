#!/bin/sh
# Fetches Debian's QEMU for arm64 hosts, with the libraries it is linked to, to compare with in the lab's arm64 machine. Unpacked,
# not installed; the system's package lists are not touched. Prints nothing; leaves qemu-arm64/root under the cache directory.
#
#   fetch-qemu-arm64.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cache.sh"
into=$cache/qemu-arm64
[ ! -e "$into/done" ] || exit 0
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
from=$(apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
  awk '$1 == "Debian" && $2 == "main" { print $3; exit }')
[ -n "$suite" ] && [ -n "$from" ] || { echo "lab: no Debian archive among this machine's package sources" >&2; exit 1; }
rm -rf "$into"
mkdir -p "$into/lists/partial" "$into/archives/partial"
echo "deb $from $suite main" >"$into/sources.list"
: >"$into/status"
cat >"$into/apt.conf" <<CONF
Dir::Etc::SourceList "$into/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "$into";
Dir::State::Lists "$into/lists";
Dir::State::status "$into/status";
Dir::Cache "$into";
Dir::Cache::Archives "$into/archives";
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Debug::NoLocking "true";
CONF
export APT_CONFIG="$into/apt.conf"
{ apt-get update -qq && apt-get install -qq -y --download-only qemu-system-arm; } >"$into/log" 2>&1 ||
  { tail -n 3 "$into/log" >&2; exit 1; }
mkdir -p "$into/all" "$into/root/bin" "$into/root/lib/aarch64-linux-gnu" "$into/root/usr/share/qemu"
for deb in "$into"/archives/*.deb; do dpkg-deb -x "$deb" "$into/all"; done
cp "$into/all/usr/bin/qemu-system-aarch64" "$into/root/bin/"
# Its libraries, and those of those.
lib=$into/root/lib/aarch64-linux-gnu
find "$into/all/lib" "$into/all/usr/lib/aarch64-linux-gnu" -name '*.so*' >"$into/libraries"
while :; do
  before=$(find "$lib" -type f | wc -l)
  for needed in $(find "$into/root/bin" "$lib" -type f -exec readelf -d {} + | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u); do
    [ -e "$lib/$needed" ] || cp -L "$(grep -m 1 "/$needed\$" "$into/libraries")" "$lib/$needed"
  done
  [ "$before" != "$(find "$lib" -type f | wc -l)" ] || break
done
find "$into/all/usr/share" -name 'efi-virtio.rom' -exec cp -L {} "$into/root/usr/share/qemu/" \; 2>/dev/null || true
rm -rf "$into/all" "$into/archives" "$into/lists"
: >"$into/done"
