#include "vmm/base/error.h"

#include <cerrno>
#include <system_error>

namespace skiff {

HostError HostError::from_errno(const std::string& what, int error_number) {
  const char* const hint =
      error_number == EMFILE ? "; raise the process limit on open files (`ulimit -n`)" : "";
  return HostError(what + ": " + std::generic_category().message(error_number) + hint);
}

}  // namespace skiff
