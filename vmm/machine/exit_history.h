// The last exits of one vCPU as text, for the report of a guest that has come to an end.
#pragma once

#include <span>
#include <string>

#include "vmm/machine/exit_ledger.h"

namespace skiff {

// One line per exit, oldest first; equal ones in a row become one line with "×37". A sequence whose
// values differ but whose register does not (a string printed to a serial port) becomes one line
// that lists the values, the last `kValuesPerLine` of them. Called while the devices are alive:
// their names are asked for here. Empty input gives "  (none)\n".
std::string format_exit_history(std::span<const ExitLedger::Recent> recent);

}  // namespace skiff
