// The state of every named VM of this user, asked of all of them at once.
// Thread rule: any thread; no state is kept.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "vmm/control/run_directory/vm_directory.h"
#include "vmm/control/vm_control.h"

namespace skiff {

struct SurveyedVm {
  std::string name;
  VmLife life = VmLife::live;
  std::optional<VmInfo> info;  // nothing: it has not answered, or has crashed
};

// By name. VMs that do not answer within `patience` are there without an info.
std::vector<SurveyedVm> survey_vms(bool with_ended,
                                   std::chrono::milliseconds patience = std::chrono::seconds(2));

// The names alone; no VM is asked anything.
std::vector<std::string> list_vms(bool with_ended);

}  // namespace skiff
