// Cells of bench-doorbell:
//   port-write      COM1's scratch register, which only keeps what is written
//   unclaimed-port  port= (default 0x9999), which should be nobody's
//   ioeventfd-port  a notification of a virtio queue in which nothing is; by port only transitional
//                   PCI devices take it
#include "guest/bench/doorbell.h"
#include "guest/lib/text.h"
#include "guest/x86_64/bench/doorbell_pc.h"

enum { kSerialScratch = 0x3ff, kUnclaimed = 0x9999, kLegacyNotify = 16 };

DOORBELL_LOOP(port8, out8((uint16_t)w->address, (uint8_t)w->value))
DOORBELL_LOOP(port16, out16((uint16_t)w->address, (uint16_t)w->value))

// Base of the I/O BAR in which a transitional device has its legacy registers
// (virtio 1.2, 4.1.4.10), 0 if it has none.
static uint16_t legacy_ports(const struct VirtioDevice* device) {
  const unsigned id = pci_read(device->function, kPciDevice, 2);
  const uint32_t bar = pci_read(device->function, kPciBar0, 4);
  if (id >= 0x1040 || !(bar & 1)) {
    return 0;
  }
  const uint32_t command = pci_read(device->function, kPciCommand, 2);
  pci_write(device->function, kPciCommand, 2, command | kPciCommandIo);
  return (uint16_t)(bar & 0xfffc);
}

static void notification(const struct VirtQueue* idle) {
  const int is_pci = idle && idle->device->is_pci;
  const uint16_t ports = is_pci ? legacy_ports(idle->device) : 0;
  if (!ports) {
    bench_skip("ioeventfd-port", "no_device_takes_notifications_by_port");
    return;
  }
  const struct DoorbellWrite write = {
      .address = ports + kLegacyNotify, .value = idle->index, .width = 2};
  doorbell_run("ioeventfd-port", "virtio-pci", write, port16, 1);
}

void doorbell_ports(const struct VirtQueue* idle) {
  if (bench_wanted("port-write")) {
    doorbell_run("port-write", "16550",
                 (struct DoorbellWrite){.address = kSerialScratch, .width = 1}, port8, 0);
  }
  if (bench_wanted("unclaimed-port")) {
    const unsigned long port = text_number(bench_line(), "port", kUnclaimed);
    doorbell_run("unclaimed-port", "none", (struct DoorbellWrite){.address = port, .width = 1},
                 port8, 0);
  }
  if (bench_wanted("ioeventfd-port")) {
    notification(idle);
  }
}
