// A disk as bench-disk drives it, whatever its face: one loop for all.
#pragma once

#include <stdint.h>

#include "guest/virtio/completion.h"

enum { kBlockMaxDepth = 32 };

struct BlockDevice {
  const char* face;
  uint64_t sectors;  // of 512 bytes
  uint32_t block;    // bytes: the smallest request
  uint32_t maximum;  // bytes: the largest
  unsigned depth;    // requests at once
  int writable;
  int sleeps;  // completions interrupt
  uint64_t kicks;

  // Unprivileged. `slot` below kBlockMaxDepth names the request until it is taken. 0: no room.
  int (*submit)(struct BlockDevice* device, unsigned slot, int write, uint64_t sector, void* data,
                uint32_t bytes);
  // Tells the device what was submitted since the last time.
  void (*kick)(struct BlockDevice* device);
  // A request that is done: its slot, or -1. Adds to `*failed`.
  int (*take)(struct BlockDevice* device, uint64_t* failed);
  // Asks for an interrupt with the next completion; true if there is something to take already.
  int (*arm)(struct BlockDevice* device);
  // The interrupt is not wanted any more. May be null.
  void (*disarm)(struct BlockDevice* device);

  // Privileged: interrupts so far.
  uint64_t (*interrupts)(struct BlockDevice* device);
};

// Finds its kind of disk by the command line's words (docs/guest.md), and makes it ready. Null if
// there is none; then `*why` says why not (null: there just is none).
typedef struct BlockDevice* BlockOpen(const char* line, const char** why);
BlockOpen block_virtio_pci_open, block_virtio_mmio_open, block_nvme_open, block_ide_open;

struct BlockFace {
  const char* face;
  BlockOpen* open;
};
// Those that the architecture's machines have, in the order in which they are looked for; the last
// one has no name.
extern const struct BlockFace block_faces[];
