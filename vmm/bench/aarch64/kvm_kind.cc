#include "vmm/bench/host_facts.h"

namespace skiff::bench {

std::string kvm_kind() {
  return "by the processor's EL2";
}

}  // namespace skiff::bench
