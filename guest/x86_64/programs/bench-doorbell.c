// bench-doorbell: what it costs a guest to be heard, and to hear; a program of `skiff bench`
// (docs/guest.md, "Bench programs"). Cells:
//   port-write      COM1's scratch register, which only keeps what is written
//   mmio-write      a virtio device's feature selector, likewise
//   unclaimed-port  port= (default 0x9999), which should be nobody's
//   ioeventfd-mmio, ioeventfd-port  a notification of a virtio queue in which nothing is; by port
//                   only transitional PCI devices take it
//   coalesced-mmio  a write that the VMM lets KVM collect: coalesced=ADDRESS names one
//   hypercall       KVM_HC_VAPIC_POLL_IRQ, at CPL 0
//   hlt-irq         HLT until a timer of sleep= microseconds (default 50); the cycles are those
//                   beyond that time. timer=pit: the 8254, also where there is no local APIC
//   ipi             to a second processor in HLT, until its handler has run
// All but the last three at CPL 3, which is native on every KVM.

#include "guest/lib/text.h"
#include "guest/x86_64/bench/bench.h"
#include "guest/x86_64/bench/doorbell.h"
#include "guest/x86_64/bench/virtio_open.h"
#include "guest/x86_64/runtime/port_io.h"
#include "guest/x86_64/runtime/program.h"
#include "guest/x86_64/runtime/ring3.h"
#include "guest/x86_64/runtime/serial.h"
#include "guest/x86_64/virtio/queue.h"
#include "guest/x86_64/virtio/registers.h"

enum { kSerialScratch = 0x3ff, kUnclaimed = 0x9999, kLegacyNotify = 16 };

struct Write {
  uint64_t address;  // or port
  uint32_t value;
  unsigned width;
  uint64_t left;
};

#define TIMED(name, write)                            \
  static unsigned long name(unsigned long argument) { \
    struct Write* w = (struct Write*)argument;        \
    const uint64_t begin = read_tsc();                \
    uint64_t before = begin;                          \
    for (; w->left; --w->left) {                      \
      write;                                          \
      const uint64_t now = read_tsc();                \
      histogram_add(&bench_histogram, now - before);  \
      before = read_tsc();                            \
    }                                                 \
    return before - begin;                            \
  }
TIMED(port8, out8((uint16_t)w->address, (uint8_t)w->value))
TIMED(port16, out16((uint16_t)w->address, (uint16_t)w->value))
TIMED(memory16, write16(w->address, (uint16_t)w->value))
TIMED(memory32, write32(w->address, w->value))

struct Target {
  struct Write write;
  unsigned long (*loop)(unsigned long);
  int notifies;
};

static const char* write_many(void* context, uint64_t requests, struct BenchCounts* counts) {
  struct Target* target = context;
  target->write.left = requests;
  counts->cycles = ring3_call(target->loop, (unsigned long)&target->write);
  counts->bytes = requests * target->write.width;
  counts->kicks = target->notifies ? requests : 0;
  return 0;
}

static void run(const char* name, const char* face, uint64_t address, uint32_t value,
                unsigned width, unsigned long (*loop)(unsigned long), int notifies) {
  struct Target target = {.write = {.address = address, .value = value, .width = width},
                          .loop = loop,
                          .notifies = notifies};
  const struct BenchCell cell = {
      .name = name, .face = face, .body = write_many, .context = &target};
  bench_run(&cell);
}

// A live queue of the first virtio device there is, with nothing in it.
struct Idle {
  struct VirtioDevice* device;
  struct VirtQueue queue;
};

static void open_idle(struct Idle* idle) {
  static const unsigned kTypes[] = {kVirtioBlk, kVirtioRng, kVirtioNet, kVirtioConsole};
  for (unsigned i = 0; i < sizeof kTypes / sizeof *kTypes && !idle->device; ++i) {
    for (int pci = 1; pci >= 0 && !idle->device; --pci) {
      enum CompletionMode mode;
      const char* why = 0;
      const unsigned of = kTypes[i] == kVirtioNet || kTypes[i] == kVirtioConsole ? 1 : 0;
      struct VirtioDevice* device =
          virtio_open(bench_line(), kTypes[i], pci, 0, of + 1, &mode, &why);
      if (device && queue_create(&idle->queue, device, of, 16)) {
        virtio_driver_ok(device);
        idle->device = device;
      }
    }
  }
}

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

static void memory_cells(void) {
  static struct Idle idle;
  open_idle(&idle);
  const struct VirtioDevice* d = idle.device;
  const char* face = d && d->is_pci ? "virtio-pci" : "virtio-mmio";
  if (bench_wanted("mmio-write")) {
    if (d) {
      const uint64_t at = d->is_pci ? d->common.address + kCommonDeviceFeatureSelect
                                    : d->base + kMmioDeviceFeaturesSel;
      run("mmio-write", face, at, 0, 4, memory32, 0);
    } else {
      bench_skip("mmio-write", "no_virtio_device");
    }
  }
  if (bench_wanted("ioeventfd-mmio")) {
    if (d) {
      run("ioeventfd-mmio", face, idle.queue.notify_address, idle.queue.index, d->is_pci ? 2 : 4,
          d->is_pci ? memory16 : memory32, 1);
    } else {
      bench_skip("ioeventfd-mmio", "no_virtio_device");
    }
  }
  if (bench_wanted("ioeventfd-port")) {
    const uint16_t ports = d && d->is_pci ? legacy_ports(d) : 0;
    if (ports) {
      run("ioeventfd-port", face, ports + kLegacyNotify, idle.queue.index, 2, port16, 1);
    } else {
      bench_skip("ioeventfd-port", "no_device_takes_notifications_by_port");
    }
  }
}

static void port_cells(void) {
  if (bench_wanted("port-write")) {
    run("port-write", "16550", kSerialScratch, 0, 1, port8, 0);
  }
  if (bench_wanted("unclaimed-port")) {
    const unsigned long port = text_number(bench_line(), "port", kUnclaimed);
    run("unclaimed-port", "none", port, 0, 1, port8, 0);
  }
}

static void coalesced_cell(void) {
  if (bench_wanted("coalesced-mmio")) {
    const unsigned long at = text_number(bench_line(), "coalesced", 0);
    if (at) {
      run("coalesced-mmio", "named", at, 0, 4, memory32, 0);
    } else {
      bench_skip("coalesced-mmio", "no_coalesced_zone_named");
    }
  }
}

int program_main(const char* command_line) {
  bench_begin("bench-doorbell", command_line);
  port_cells();
  memory_cells();
  coalesced_cell();
  doorbell_hypercall();
  doorbell_sleep();
  doorbell_message();
  return bench_end();
}
