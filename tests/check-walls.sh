#!/bin/bash
# The walls of the house (docs/architecture.md), checked by what files include. CMake links rooms in one
# direction, but the repository's root is on every include path, so the compiler alone would not notice.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0
complain() { # complain TITLE LINES
  [ -n "$2" ] || return 0
  printf '%s\n%s\n' "$1" "$2" >&2
  failed=1
}

# room  what it may include beside itself
allowed() {
  case $1 in
    vmm/base) echo '' ;;
    vmm/io) echo 'vmm/base' ;;
    vmm/linux_guest) echo 'vmm/base' ;;
    vmm/kvm | vmm/boot | vmm/disk | vmm/net) echo 'vmm/base vmm/io' ;;
    devices) echo 'vmm/base vmm/io vmm/disk vmm/net' ;;
    devices/ide | devices/nvme) echo 'vmm/base vmm/io vmm/disk devices/pci' ;;
    devices/e1000) echo 'vmm/base vmm/io vmm/net devices/pci' ;;
    virtio) echo 'vmm/base vmm/io vmm/disk vmm/net devices/pci' ;;
    # vm_config.h is plain data of the target vmm_config, which needs no more than vmm/io.
    vmm/board) echo 'vmm/base vmm/io vmm/kvm vmm/boot vmm/linux_guest vmm/disk vmm/net devices virtio vmm/machine/vm_config.h' ;;
    vmm/machine) echo 'vmm/base vmm/io vmm/kvm vmm/boot vmm/linux_guest vmm/disk vmm/net devices virtio vmm/board' ;;
    vmm/control) echo 'vmm/base vmm/io vmm/kvm vmm/boot vmm/linux_guest vmm/disk vmm/net devices virtio vmm/board vmm/machine' ;;
    # Rooms in the control room that know less than it does.
    vmm/control/run_directory) echo 'vmm/base' ;;
    vmm/control/console) echo 'vmm/base vmm/io vmm/control/vm_control.h vmm/control/console_front.h vmm/machine/vm_config.h vmm/machine/console_names.h' ;;
    vmm/control/viewer) echo 'vmm/base vmm/control/console/console_frames.h vmm/control/escape_filter.h vmm/control/standard_output.h vmm/control/terminal.h' ;;
    vmm/control/api) echo 'vmm/base vmm/control/vm_control.h vmm/machine/ledger_report.h vmm/machine/machine_stats.h' ;;
    vmm/control/client) echo 'vmm/base vmm/control/vm_control.h vmm/control/api vmm/control/run_directory vmm/machine/spelling.h' ;;
    # The bench asks VMs by their API; of a machine it knows the words of the ledger and of /proc.
    vmm/bench) echo 'vmm/base vmm/kvm/kvm_stats.h vmm/control/client vmm/machine/thread_times.h' ;;
    vmm/cli) echo 'vmm devices virtio' ;;
  esac
}

for room in vmm/base vmm/io vmm/kvm vmm/boot vmm/linux_guest vmm/disk vmm/net devices devices/e1000 devices/ide devices/nvme virtio vmm/board vmm/machine vmm/control \
  vmm/control/run_directory vmm/control/console vmm/control/api vmm/control/client vmm/control/viewer vmm/bench vmm/cli; do
  pattern=$(printf '|%s' "$room" $(allowed "$room"))
  wrong=$(git ls-files "$room/*.h" "$room/*.cc" "$room/**/*.h" "$room/**/*.cc" | sort -u |
    xargs -r grep -nE '^#include "(vmm|devices|virtio|guest|tests)/' |
    grep -vE "#include \"(${pattern:1})(/|\")" || true)
  complain "$room must not include:" "$wrong"
done

sources=$(git ls-files 'vmm/*.h' 'vmm/*.cc' 'devices/*.h' 'devices/*.cc' 'virtio/*.h' 'virtio/*.cc')
complain '<linux/kvm.h> is included by vmm/kvm/kvm_abi.h alone:' \
  "$(grep -lE '#include <linux/kvm\.h>' $sources | grep -v '^vmm/kvm/kvm_abi\.h$' || true)"
complain 'no #if on an architecture outside x86_64/ and aarch64/:' \
  "$(grep -nE '^\s*#\s*(if|ifdef|ifndef|elif)\b.*(x86_64|aarch64|amd64|arm64)' $(echo "$sources" |
    grep -vE '/(x86_64|aarch64)/') || true)"
# Lines of common code that mention an architecture: none. An ELF file's own word for its machine is what a person is told.
common=$(git ls-files '*.h' '*.cc' '*.c' '*.S' | grep -E '^(vmm|devices|virtio|guest)/' | grep -vE '/(x86_64|aarch64)/|^vmm/boot/elf\.(cc|h)$')
complain 'no name of an architecture outside x86_64/ and aarch64/:' \
  "$(grep -niE '(^|[^0-9a-z])(x86|amd64|i386|aarch64|arm64)([^0-9a-z]|$)' $common || true)"
exit $failed
