
#include <vector>

#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_irq.h"

namespace skiff {

// The vGIC gives every SPI a route by itself (Documentation/virt/kvm/devices/arm-vgic-v3.rst), and
// a table set later holds messages only.
std::vector<kvm_irq_routing_entry> default_irq_routes() {
  return {};
}

}  // namespace skiff
