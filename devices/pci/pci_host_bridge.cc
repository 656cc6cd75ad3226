#include "devices/pci/pci_host_bridge.h"

namespace skiff {
namespace {

constexpr PciIdentity kIdentity{.vendor = 0x8086, .device = 0x0d57, .class_code = 0x06'00'00};

}  // namespace

PciHostBridge::PciHostBridge() : PciFunction("pci-host-bridge", kIdentity) {}

}  // namespace skiff
