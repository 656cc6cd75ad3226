#include "guest/bench/block_device.h"
#include "guest/bench/wake.h"
#include "guest/lib/text.h"
#include "guest/nvme/nvme.h"

_Static_assert((int)kNvmeSlots == (int)kBlockMaxDepth, "a slot for each request");

static struct Nvme* nvme;
static int by_line;

static int submit(struct BlockDevice* device, unsigned slot, int write, uint64_t sector, void* data,
                  uint32_t bytes) {
  (void)device;
  nvme_submit(nvme, slot, write, sector >> (nvme->block_shift - 9), data, bytes);
  return 1;
}

static void kick(struct BlockDevice* device) {
  nvme_announce(nvme);
  device->kicks = nvme->doorbells;
}

static int take(struct BlockDevice* device, uint64_t* failed) {
  (void)device;
  return nvme_take(nvme, failed);
}

static int arm(struct BlockDevice* device) {
  (void)device;
  if (by_line) {
    nvme_unmask_line(nvme);
  }
  return nvme_has_done(nvme);
}

static void acknowledge(void) {
  nvme_mask_line(nvme);
}

static uint64_t interrupts(struct BlockDevice* device) {
  (void)device;
  return wake_interrupts();
}

struct BlockDevice* block_nvme_open(const char* line, const char** why) {
  const enum NvmeInterrupts kind = text_is(line, "irq", "msix")   ? kNvmeMsix
                                   : text_is(line, "irq", "line") ? kNvmeLine
                                                                  : kNvmePolled;
  const enum NvmeShadow shadow = text_has_word(line, "shadow")      ? kNvmeShadow
                                 : text_has_word(line, "no-shadow") ? kNvmeNoShadow
                                                                    : kNvmeShadowIfOffered;
  by_line = kind == kNvmeLine;
  nvme = nvme_open((unsigned)text_number(line, "index", 0), kind, kVectorDevice, shadow, why);
  if (!nvme) {
    return 0;
  }
  if (by_line) {
    nvme_mask_line(nvme);
    wake_on_device(acknowledge);
    wake_route_line(pci_read(nvme->function, kPciInterruptLine, 1));
  }
  static struct BlockDevice block;
  block = (struct BlockDevice){.face = "nvme",
                               .sectors = nvme->blocks << (nvme->block_shift - 9),
                               .block = 1u << nvme->block_shift,
                               .maximum = nvme->maximum,
                               .depth = kNvmeSlots,
                               .writable = 1,
                               .sleeps = kind != kNvmePolled,
                               .submit = submit,
                               .kick = kick,
                               .take = take,
                               .arm = arm,
                               .interrupts = interrupts};
  return &block;
}
