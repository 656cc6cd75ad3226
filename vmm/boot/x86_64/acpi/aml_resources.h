// Resource descriptors (ACPI 6.4, 6.4) for _CRS.
#pragma once

#include <cstdint>

#include "vmm/base/range.h"
#include "vmm/boot/x86_64/acpi/aml.h"
#include "vmm/io/hw_description.h"

namespace skiff::aml {

// A ResourceTemplate: the descriptors and their end tag, as a buffer.
Term resources(const Terms& descriptors);

// What a device occupies. Chooses the smallest descriptor that can say it.
Term io_ports(Range ports);
Term memory(Range addresses);
Term interrupt(const HwInterrupt& irq);

// What a bridge passes on to the devices below it (ResourceProducer).
Term bus_window(std::uint8_t first, std::uint8_t last);
Term io_window(Range ports);
Term memory_window(Range addresses, bool prefetchable);

}  // namespace skiff::aml
