#include "guest/bench/block_device.h"
#include "guest/lib/text.h"
#include "guest/x86_64/bench/wake_pc.h"
#include "guest/x86_64/ide/ide.h"

static struct Ide ide;
static int by_dma;
static unsigned slot_under_way;
static uint64_t interrupts_seen;

static int submit(struct BlockDevice* device, unsigned slot, int write, uint64_t sector, void* data,
                  uint32_t bytes) {
  slot_under_way = slot;
  device->kicks += 1;
  return ide_submit(&ide, by_dma, write, sector, data, bytes);
}

static void kick(struct BlockDevice* device) {
  (void)device;
}

static int take(struct BlockDevice* device, uint64_t* failed) {
  if (!ide.busy) {
    return -1;
  }
  if (device->sleeps) {
    const uint64_t now = wake_interrupts_seen();
    if (now == interrupts_seen) {
      return -1;
    }
    interrupts_seen = now;
  }
  const enum IdeState state = ide_poll(&ide);
  *failed += state == kIdeFailed;
  return state == kIdeUnderWay ? -1 : (int)slot_under_way;
}

// None can have come: at CPL 3 interrupts are off.
static int arm(struct BlockDevice* device) {
  (void)device;
  return 0;
}

static uint64_t interrupts(struct BlockDevice* device) {
  (void)device;
  return wake_interrupts();
}

struct BlockDevice* block_ide_open(const char* line, const char** why) {
  if (!ide_open(&ide, (unsigned)text_number(line, "index", 0) & 3)) {
    return 0;
  }
  by_dma = !text_is(line, "mode", "pio");
  if (by_dma && !ide.bus_master) {
    *why = "no_bus_master";
    return 0;
  }
  const int sleeps = !text_is(line, "irq", "poll");
  if (sleeps) {
    wake_route_isa(ide.irq);
  }
  static struct BlockDevice block;
  block = (struct BlockDevice){.face = "ide",
                               .sectors = ide.sectors,
                               .block = 512,
                               .maximum = ide_maximum(&ide),
                               .depth = 1,
                               .writable = 1,
                               .sleeps = sleeps,
                               .submit = submit,
                               .kick = kick,
                               .take = take,
                               .arm = arm,
                               .interrupts = interrupts};
  return &block;
}
