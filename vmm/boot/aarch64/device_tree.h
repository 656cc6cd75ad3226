// The device tree of the arm64 board, from what the board tells of itself: the same HwDescriptions
// that a PC's ACPI tables are written from.
// Sources: Devicetree Specification 0.4; Linux Documentation/devicetree/bindings (arm/cpus.yaml,
// cpu/cpu-topology.txt, arm/psci.yaml, interrupt-controller/arm,gic*.yaml,
// timer/arm,arch_timer.yaml, serial/pl011.yaml, pci/host-generic-pci.yaml, pci/pci-msi.txt).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vmm/base/range.h"
#include "vmm/io/hw_description.h"

namespace skiff::arm64 {

struct DeviceTreeGic {
  bool is_v3 = true;
  Range distributor;
  Range redistributors;  // v3
  Range cpu_interface;   // v2
  Range its;             // empty: none
  Range message_frame;   // v2: a GICv2m frame; empty: none
};

struct DeviceTreePci {
  Range ecam;
  Range ports;  // where I/O port 0 and those behind it are; empty: none
  Range mmio32;
  Range mmio64;  // empty: none
  // The SPIs that pin p of slot s leads to: intx_spis[(s + p) mod count].
  std::vector<std::uint32_t> intx_spis;
};

// How the processors form sockets, cores and threads: the first threads_per_core of them are the
// first core's. Both at least 1.
struct DeviceTreeTopology {
  std::uint32_t cores_per_socket = 1;
  std::uint32_t threads_per_core = 1;
};

struct DeviceTreePlatform {
  std::vector<Range> memory;
  std::vector<std::uint64_t> mpidrs;  // affinity fields, one a vCPU, the first boots
  DeviceTreeTopology topology;
  bool has_pmu = false;  // its interrupt is PPI 7
  DeviceTreeGic gic;
  std::vector<HwDescription> devices;
  std::optional<DeviceTreePci> pci;
  // The line of the arm,pl061 among `devices` that is a power button; nothing: no button.
  std::optional<std::uint32_t> power_button_line;
  std::string cmdline;
  Range initrd;                          // empty: none
  std::array<std::byte, 64> rng_seed{};  // random: for the guest's entropy pool
  std::uint64_t kaslr_seed = 0;          // random
};

// Throws HostError where libfdt refuses (more devices than fit in kMaxDeviceTree).
std::vector<std::byte> write_device_tree(const DeviceTreePlatform& platform);

}  // namespace skiff::arm64
