#include "vmm/board/devices/e1000_device.h"

#include <utility>

#include "devices/pci/pci_bus.h"
#include "vmm/board/virtio_devices.h"

namespace skiff {

E1000Card::E1000Card(const E1000Options& options, std::unique_ptr<NetBackend> backend,
                     Executor& executor, const Clock& clock)
    : options_(options), backend_(std::move(backend)), executor_(executor), clock_(clock) {}

void E1000Card::place(DevicePlaces& places) {
  card_ = std::make_unique<E1000Controller>(std::move(backend_), executor_, clock_, places.memory(),
                                            options_);
  places.pci().add(*card_);
}

}  // namespace skiff
