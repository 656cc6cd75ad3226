// The matrix of `skiff bench linux`, as data. What a driver of Linux decides by itself (rings,
// doorbell buffers, interrupts) is left to it; only the face and the controllers differ.
#include <array>

#include "vmm/bench/matrix.h"

namespace skiff::bench {
namespace {

// The words are the kernel's command line.
constexpr auto kLinuxDisks = std::to_array<DiskRow>({
    {"virtio-pci", "virtio", "", "face=virtio-pci", "", 32, Level::quick},
    {"virtio-mmio", "virtio-mmio", "", "face=virtio-mmio", "", 32, Level::quick},
    {"nvme", "nvme", "", "face=nvme", "", 32, Level::quick},
    {"ide,dma", "ide", "", "face=ide", "", 1, Level::quick, Needs::ports},
    {"ide,pio", "ide", "", "face=ide libata.dma=0", "", 1, Level::quick, Needs::ports},
});

constexpr auto kLinuxBackends = std::to_array<BackendRow>({
    {"memory", Level::quick, 0},
    {"file", Level::full, 0},
});

constexpr auto kLinuxDiskShapes = std::to_array<ShapeRow>({
    {"read-4096-d1", 1, Level::quick},
    {"read-4096-d32", 32, Level::quick},
    {"read-65536-d1", 1, Level::normal},
    {"read-65536-d32", 32, Level::full},
    {"write-4096-d1", 1, Level::normal},
    {"write-4096-d32", 32, Level::full},
    {"write-65536-d1", 1, Level::full},
    {"write-65536-d32", 32, Level::full},
});

constexpr auto kLinuxNets = std::to_array<NetRow>({
    {"virtio-pci", "virtio", "", "face=virtio-pci", "", Level::quick},
    {"virtio-mmio", "virtio-mmio", "", "face=virtio-mmio", "", Level::quick},
    {"e1000", "e1000", "", "face=e1000", "", Level::quick},
});

constexpr auto kLinuxNetShapes = std::to_array<ShapeRow>({
    {"transmit-64", 1, Level::full},
    {"transmit-1500", 1, Level::quick},
    {"receive-64", 1, Level::full},
    {"receive-1500", 1, Level::normal},
    {"pingpong-64", 1, Level::quick},
    {"pingpong-1500", 1, Level::full},
});

constexpr Matrix kLinuxMatrix = {
    .runs_linux = true,
    .disks = kLinuxDisks,
    .backends = kLinuxBackends,
    .disk_shapes = kLinuxDiskShapes,
    .nets = kLinuxNets,
    .net_shapes = kLinuxNetShapes,
};

}  // namespace

const Matrix& linux_matrix() {
  return kLinuxMatrix;
}

}  // namespace skiff::bench
