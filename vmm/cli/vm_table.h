// The table and the JSON of `skiff ps`.
// Thread rule: any thread; no state is kept.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "vmm/control/client/vm_survey.h"

namespace skiff {

// Each row is a line; the columns are as wide as they need to be. `now`: what CPU % is counted up
// to.
std::string vm_table(std::span<const SurveyedVm> vms, std::chrono::system_clock::time_point now);
// An array of what GET /v1/vm answers; `state` may be "crashed" or "unresponsive" too, with no
// member but the name beside it.
std::string vm_list_json(std::span<const SurveyedVm> vms);

// "running", "paused", "ended", "crashed", "unresponsive".
std::string_view state_word(const SurveyedVm& vm);
// "4s", "12m03s", "5h07m", "3d04h".
std::string duration_text(std::chrono::nanoseconds time);

}  // namespace skiff
