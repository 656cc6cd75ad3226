// The matrix of `skiff bench`, as data. A new device, way of notifying or size is a line here.
#include <array>

#include "vmm/bench/matrix.h"

namespace skiff::bench {
namespace {

constexpr auto kDoorbellShapes = std::to_array<ShapeRow>({
    {"port-write", 1, Level::quick, Needs::ports},
    {"mmio-write", 1, Level::quick},
    {"unclaimed-port", 1, Level::normal, Needs::ports},
    {"ioeventfd-port", 1, Level::normal, Needs::ports},
    {"ioeventfd-mmio", 1, Level::quick},
    {"coalesced-mmio", 1, Level::normal, Needs::collected},
    {"hypercall", 1, Level::quick},
    {"hlt-irq", 1, Level::quick},
    {"ipi", 1, Level::normal},
});

// name, face, keys of [[disk]], words for the guest, QEMU's properties, most requests at once,
// level. Guests sleep until they are interrupted, as an operating system's drivers do, unless it
// says poll.
constexpr auto kDisks = std::to_array<DiskRow>({
    {"virtio-pci", "virtio", "", "face=virtio-pci irq=msix", "", 32, Level::quick},
    {"virtio-pci,packed", "virtio", "ring = \"packed\"\n", "face=virtio-pci irq=msix ring=packed",
     "packed=on", 32, Level::normal},
    {"virtio-pci,no-event-idx", "virtio", "event_idx = false\n",
     "face=virtio-pci irq=msix no-event-idx", "event_idx=off", 32, Level::normal},
    {"virtio-pci,no-ioeventfd", "virtio", "ioeventfd = false\n", "face=virtio-pci irq=msix",
     "ioeventfd=off", 32, Level::quick},
    {"virtio-pci,poll", "virtio", "", "face=virtio-pci irq=poll", "", 32, Level::normal},
    {"virtio-pci,packed,no-event-idx", "virtio", "ring = \"packed\"\nevent_idx = false\n",
     "face=virtio-pci irq=msix ring=packed no-event-idx", "packed=on,event_idx=off", 32,
     Level::full},
    {"virtio-pci,inline", "virtio", "ioeventfd = false\ninline = true\n",
     "face=virtio-pci irq=msix", "ioeventfd=off", 32, Level::normal},
    {"virtio-pci,packed,no-ioeventfd", "virtio", "ring = \"packed\"\nioeventfd = false\n",
     "face=virtio-pci irq=msix ring=packed", "packed=on,ioeventfd=off", 32, Level::full},
    {"virtio-pci,no-event-idx,no-ioeventfd", "virtio", "event_idx = false\nioeventfd = false\n",
     "face=virtio-pci irq=msix no-event-idx", "event_idx=off,ioeventfd=off", 32, Level::full},
    {"virtio-pci,packed,no-event-idx,no-ioeventfd", "virtio",
     "ring = \"packed\"\nevent_idx = false\nioeventfd = false\n",
     "face=virtio-pci irq=msix ring=packed no-event-idx", "packed=on,event_idx=off,ioeventfd=off",
     32, Level::full},
    {"virtio-mmio", "virtio-mmio", "", "face=virtio-mmio irq=line", "", 32, Level::normal},
    {"virtio-mmio,packed", "virtio-mmio", "ring = \"packed\"\n",
     "face=virtio-mmio irq=line ring=packed", "packed=on", 32, Level::full},
    {"virtio-mmio,no-event-idx", "virtio-mmio", "event_idx = false\n",
     "face=virtio-mmio irq=line no-event-idx", "event_idx=off", 32, Level::full},
    {"virtio-mmio,no-ioeventfd", "virtio-mmio", "ioeventfd = false\n", "face=virtio-mmio irq=line",
     "", 32, Level::full},
    {"nvme", "nvme", "", "face=nvme irq=msix shadow", "", 32, Level::quick},
    {"nvme,no-shadow", "nvme", "", "face=nvme irq=msix no-shadow", "", 32, Level::normal},
    {"nvme,no-shadow,no-ioeventfd", "nvme", "ioeventfd = false\n", "face=nvme irq=msix no-shadow",
     "ioeventfd=off", 32, Level::full},
    {"ide,dma", "ide", "", "face=ide irq=line mode=dma", "", 1, Level::quick, Needs::ports},
    {"ide,pio", "ide", "", "face=ide irq=line mode=pio", "", 1, Level::quick, Needs::ports},
});

// Memory has no medium behind it that could hide what a face costs; a file is what people have.
constexpr auto kBackends = std::to_array<BackendRow>({
    {"memory", Level::quick, 0},
    {"file", Level::normal, 1},
    {"null", Level::full, 0},
});

constexpr auto kDiskShapes = std::to_array<ShapeRow>({
    {"read-512-d1", 1, Level::normal},     {"read-512-d4", 4, Level::full},
    {"read-512-d32", 32, Level::full},     {"read-4096-d1", 1, Level::quick},
    {"read-4096-d4", 4, Level::full},      {"read-4096-d32", 32, Level::quick},
    {"read-65536-d1", 1, Level::normal},   {"read-65536-d4", 4, Level::full},
    {"read-65536-d32", 32, Level::normal}, {"read-1048576-d1", 1, Level::full},
    {"read-1048576-d4", 4, Level::full},   {"read-1048576-d32", 32, Level::full},
    {"write-512-d1", 1, Level::full},      {"write-512-d4", 4, Level::full},
    {"write-512-d32", 32, Level::full},    {"write-4096-d1", 1, Level::normal},
    {"write-4096-d4", 4, Level::full},     {"write-4096-d32", 32, Level::normal},
    {"write-65536-d1", 1, Level::full},    {"write-65536-d4", 4, Level::full},
    {"write-65536-d32", 32, Level::full},  {"write-1048576-d1", 1, Level::full},
    {"write-1048576-d4", 4, Level::full},  {"write-1048576-d32", 32, Level::full},
});

constexpr auto kNets = std::to_array<NetRow>({
    {"virtio-pci", "virtio", "", "face=virtio-pci irq=msix", "", Level::quick},
    {"virtio-pci,no-ioeventfd", "virtio", "ioeventfd = false\n", "face=virtio-pci irq=msix",
     "ioeventfd=off", Level::normal},
    {"virtio-pci,poll", "virtio", "", "face=virtio-pci irq=poll", "", Level::normal},
    {"virtio-pci,packed", "virtio", "ring = \"packed\"\n", "face=virtio-pci irq=msix ring=packed",
     "packed=on", Level::full},
    {"virtio-pci,no-event-idx", "virtio", "event_idx = false\n",
     "face=virtio-pci irq=msix no-event-idx", "event_idx=off", Level::full},
    {"virtio-mmio", "virtio-mmio", "", "face=virtio-mmio irq=line", "", Level::full},
    {"e1000", "e1000", "", "face=e1000 irq=line", "", Level::normal},
});

// 65536 stands for a TCP segment of that size, less what keeps Linux from cutting it up.
constexpr auto kNetShapes = std::to_array<ShapeRow>({
    {"transmit-64", 1, Level::full},
    {"transmit-1500", 1, Level::quick},
    {"transmit-65536", 1, Level::normal},
    {"receive-64", 1, Level::full},
    {"receive-1500", 1, Level::normal},
    {"receive-65536", 1, Level::full},
    {"pingpong-64", 1, Level::quick},
    {"pingpong-1500", 1, Level::full},
    {"pingpong-65536", 1, Level::full},
});

// Text of virtio-console goes nowhere, as the serial port's does once Skiff's process has taken
// it.
constexpr auto kConsoles = std::to_array<ConsoleRow>({
    {"16550,byte", "", "face=16550 mode=byte", Level::quick, Needs::uart16550},
    {"16550,fifo", "", "face=16550 mode=fifo", Level::normal, Needs::uart16550},
    {"16550,string", "", "face=16550 mode=string", Level::full, Needs::uart16550},
    {"pl011,byte", "", "face=pl011 mode=byte", Level::quick, Needs::pl011},
    {"pl011,fifo", "", "face=pl011 mode=fifo", Level::normal, Needs::pl011},
    {"virtio-console",
     "[[serial]]\nunit = 1\ntarget = \"console\"\n[[virtio_console]]\ntarget = \"null\"\n",
     "face=virtio-console irq=msix", Level::quick},
});

constexpr auto kConsoleShapes = std::to_array<ShapeRow>({
    {"out", 1, Level::quick},
    {"in", 1, Level::full},
});

constexpr Matrix kMatrix = {
    .doorbell_shapes = kDoorbellShapes,
    .disks = kDisks,
    .backends = kBackends,
    .disk_shapes = kDiskShapes,
    .nets = kNets,
    .net_shapes = kNetShapes,
    .consoles = kConsoles,
    .console_shapes = kConsoleShapes,
};

}  // namespace

const Matrix& full_matrix() {
  return kMatrix;
}

}  // namespace skiff::bench
