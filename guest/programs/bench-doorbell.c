// bench-doorbell: what it costs a guest to be heard, and to hear; a program of `skiff bench`
// (docs/guest.md, "Bench programs"). Cells that every machine has:
//   mmio-write      a virtio device's feature selector, which only keeps what is written
//   ioeventfd-mmio  a notification of a virtio queue in which nothing is
//   coalesced-mmio  a write that the VMM lets KVM collect: coalesced=ADDRESS names one
// and the architecture's own (its bench/doorbell.c). Unprivileged where that makes a difference.

#include "guest/bench/bench.h"
#include "guest/bench/doorbell.h"
#include "guest/bench/virtio_open.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"

DOORBELL_LOOP(memory16, write16(w->address, (uint16_t)w->value))
DOORBELL_LOOP(memory32, write32(w->address, w->value))

// A live queue of the first virtio device there is, with nothing in it.
static struct VirtQueue* open_idle(void) {
  static const unsigned kTypes[] = {kVirtioBlk, kVirtioRng, kVirtioNet, kVirtioConsole};
  static struct VirtQueue queue;
  for (unsigned i = 0; i < sizeof kTypes / sizeof *kTypes; ++i) {
    for (int pci = 1; pci >= 0; --pci) {
      enum CompletionMode mode;
      const char* why = 0;
      const unsigned of = kTypes[i] == kVirtioNet || kTypes[i] == kVirtioConsole ? 1 : 0;
      struct VirtioDevice* device =
          virtio_open(bench_line(), kTypes[i], pci, 0, of + 1, &mode, &why);
      if (device && queue_create(&queue, device, of, 16)) {
        virtio_driver_ok(device);
        return &queue;
      }
    }
  }
  return 0;
}

static void memory_cells(const struct VirtQueue* idle) {
  const struct VirtioDevice* d = idle ? idle->device : 0;
  const char* face = d && d->is_pci ? "virtio-pci" : "virtio-mmio";
  if (bench_wanted("mmio-write")) {
    if (d) {
      const uint64_t at = d->is_pci ? d->common.address + kCommonDeviceFeatureSelect
                                    : d->base + kMmioDeviceFeaturesSel;
      doorbell_run("mmio-write", face, (struct DoorbellWrite){.address = at, .width = 4}, memory32,
                   0);
    } else {
      bench_skip("mmio-write", "no_virtio_device");
    }
  }
  if (bench_wanted("ioeventfd-mmio")) {
    if (d) {
      const struct DoorbellWrite write = {
          .address = idle->notify_address, .value = idle->index, .width = d->is_pci ? 2 : 4};
      doorbell_run("ioeventfd-mmio", face, write, d->is_pci ? memory16 : memory32, 1);
    } else {
      bench_skip("ioeventfd-mmio", "no_virtio_device");
    }
  }
}

static void coalesced_cell(void) {
  if (bench_wanted("coalesced-mmio")) {
    const unsigned long at = text_number(bench_line(), "coalesced", 0);
    if (at) {
      doorbell_run("coalesced-mmio", "named", (struct DoorbellWrite){.address = at, .width = 4},
                   memory32, 0);
    } else {
      bench_skip("coalesced-mmio", "no_coalesced_zone_named");
    }
  }
}

int program_main(const char* command_line) {
  bench_begin("bench-doorbell", command_line);
  const struct VirtQueue* idle = open_idle();
  memory_cells(idle);
  coalesced_cell();
  doorbell_own_cells(idle);
  return bench_end();
}
