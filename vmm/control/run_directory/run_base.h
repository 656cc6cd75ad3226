// Where the run directories of named VMs lie: $XDG_RUNTIME_DIR/skiff if that variable names a
// folder of this user's; else /run/skiff for root and /tmp/skiff-UID for everybody else.
//
// The folder is this user's alone (mode 0700, owner checked, never through a symbolic link):
// /tmp is everybody's, and whoever owned the folder could answer in a VM's name.
//
// Thread rule: any thread; no state is kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vmm/base/fd.h"

namespace skiff {

struct RunBase {
  std::string path;
  Fd fd;  // the folder
};

// Made if it is not there. Throws HostError.
RunBase create_run_base();
// Nothing if it is not there: then there are no VMs. Throws HostError where it is not safe to use.
// root may look into another user's.
std::optional<RunBase> find_run_base();

// 1 to 64 letters, digits, '-', '_', '.', not beginning with '.' or '-'.
bool is_vm_name(std::string_view name);

}  // namespace skiff
