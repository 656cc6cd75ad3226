// A report as one HTML page that needs nothing beside it: no script, no font, no network. Charts
// are SVG. Pure.
#pragma once

#include <string>

#include "vmm/bench/report.h"

namespace skiff::bench {

std::string to_html(const Report& report);

}  // namespace skiff::bench
