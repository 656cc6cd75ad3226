// A VM's numbers in Prometheus' text format, version 0.0.4.
// Thread rule: any thread; no state is kept.
#pragma once

#include <string>

#include "vmm/control/vm_control.h"

namespace skiff {

std::string metrics_text(const VmInfo& info, const LedgerReport& exits, const MachineStats& stats);

}  // namespace skiff
