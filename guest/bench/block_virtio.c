#include "guest/bench/block_device.h"
#include "guest/bench/virtio_open.h"
#include "guest/virtio/block.h"
#include "guest/virtio/queue.h"

static struct VirtQueue queue;
static struct BlkRequest requests[kBlockMaxDepth];

static int submit(struct BlockDevice* device, unsigned slot, int write, uint64_t sector, void* data,
                  uint32_t bytes) {
  (void)device;
  struct BlkRequest* r = requests + slot;
  r->header.type = write ? kBlkOut : kBlkIn;
  r->header.sector = sector;
  r->data = data;
  r->length = bytes;
  return blk_add(&queue, r);
}

static void kick(struct BlockDevice* device) {
  queue_kick(&queue);
  device->kicks = queue.notifications;
}

static int take(struct BlockDevice* device, uint64_t* failed) {
  (void)device;
  const struct BlkRequest* r = queue_take(&queue, 0);
  if (!r) {
    return -1;
  }
  *failed += r->status != kBlkOk;
  return (int)(r - requests);
}

static int arm(struct BlockDevice* device) {
  (void)device;
  return queue_want_interrupt(&queue, 1);
}

static void disarm(struct BlockDevice* device) {
  (void)device;
  queue_want_no_interrupt(&queue);
}

static uint64_t interrupts(struct BlockDevice* device) {
  (void)device;
  return virtio_open_interrupts(queue.device);
}

static uint32_t largest(const struct VirtioDevice* device) {
  const uint64_t limit =
      device->features & feature(kBlkSizeMax) ? virtio_config(device, 8, 4) : 0x40000000;
  return (uint32_t)limit;
}

static struct BlockDevice* open_on(const char* line, int pci, const char** why) {
  enum CompletionMode mode;
  struct VirtioDevice* device = virtio_open(
      line, kVirtioBlk, pci, feature(kBlkReadOnly) | feature(kBlkSizeMax) | feature(kBlkBlockSize),
      1, &mode, why);
  if (!device) {
    return 0;
  }
  if (!queue_create(&queue, device, 0, 128)) {
    *why = "no_queue";
    return 0;
  }
  static struct BlockDevice block;
  const int indirect = (device->features & feature(kFeatureIndirectDesc)) != 0;
  const unsigned room = indirect ? queue.size : queue.size / 3u;
  block = (struct BlockDevice){.face = pci ? "virtio-pci" : "virtio-mmio",
                               .sectors = virtio_config(device, kBlkConfigCapacity, 8),
                               .block = 512,
                               .maximum = largest(device),
                               .depth = room < kBlockMaxDepth ? room : kBlockMaxDepth,
                               .writable = !(device->features & feature(kBlkReadOnly)),
                               .sleeps = mode != kPoll,
                               .submit = submit,
                               .kick = kick,
                               .take = take,
                               .arm = arm,
                               .disarm = disarm,
                               .interrupts = interrupts};
  if (device->features & feature(kBlkBlockSize)) {
    block.block = (uint32_t)virtio_config(device, kBlkConfigBlockSize, 4);
  }
  virtio_driver_ok(device);
  return &block;
}

struct BlockDevice* block_virtio_pci_open(const char* line, const char** why) {
  return open_on(line, 1, why);
}

struct BlockDevice* block_virtio_mmio_open(const char* line, const char** why) {
  return open_on(line, 0, why);
}
