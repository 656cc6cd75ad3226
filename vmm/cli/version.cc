#include "vmm/cli/version.h"

namespace skiff {

std::string_view version() {
  return SKIFF_VERSION;
}

}  // namespace skiff
