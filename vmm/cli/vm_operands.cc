#include "vmm/cli/vm_operands.h"

#include <cstdio>

#include "vmm/base/error.h"
#include "vmm/base/exit_status.h"
#include "vmm/control/client/control_client.h"

namespace skiff {

int for_each_vm(const Arguments& arguments, const std::function<void(const std::string&)>& act) {
  int status = 0;
  const auto failed = [&status](int with, const char* prefix, const char* why) {
    std::fprintf(stderr, "%s%s\n", prefix, why);
    if (status == 0) status = with;
  };
  for (const std::string& name : arguments.operands) {
    try {
      act(name);
    } catch (const ConfigError& error) {
      failed(exit_status::kUsage, "", error.what());
    } catch (const Error& error) {
      failed(exit_status::kHost, "skiff: ", error.what());
    }
  }
  return status;
}

int post_to_each(const Arguments& arguments, std::string_view target) {
  return for_each_vm(arguments,
                     [target](const std::string& name) { ControlClient(name).post(target); });
}

}  // namespace skiff
