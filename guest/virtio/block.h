// virtio-blk requests (5.2).
#pragma once

#include <stdint.h>

#include "guest/virtio/queue.h"

enum {  // 5.2.3
  kBlkSizeMax = 1,
  kBlkSegMax = 2,
  kBlkReadOnly = 5,
  kBlkBlockSize = 6,
  kBlkFlush = 9,
  kBlkTopology = 10,
  kBlkConfigWce = 11,
  kBlkMultiQueue = 12,
  kBlkDiscard = 13,
  kBlkWriteZeroes = 14,
};

enum {  // 5.2.4, offsets in the configuration
  kBlkConfigCapacity = 0,
  kBlkConfigBlockSize = 20,
  kBlkConfigQueues = 34,
  kBlkConfigMaxDiscardSectors = 36,
  kBlkConfigMaxDiscardSegments = 40,
};

enum {  // 5.2.6
  kBlkIn = 0,
  kBlkOut = 1,
  kBlkFlushRequest = 4,
  kBlkGetId = 8,
  kBlkDiscardRequest = 11,
  kBlkWriteZeroesRequest = 13,
};

enum { kBlkOk = 0, kBlkIoError = 1, kBlkUnsupported = 2, kBlkNoStatus = 0xaa };

struct BlkHeader {
  uint32_t type;
  uint32_t reserved;
  uint64_t sector;
};

struct BlkRange {  // of discard and write zeroes
  uint64_t sector;
  uint32_t sectors;
  uint32_t flags;  // bit 0: unmap
};

struct BlkRequest {
  struct BlkHeader header;
  volatile uint8_t status;
  uint8_t* data;
  uint32_t length;
};

// Header, data (written by the device for IN and GET_ID), status; may run unprivileged. 0: no room.
int blk_add(struct VirtQueue* queue, struct BlkRequest* request);
// One request, waited for: its status, or kBlkNoStatus if none came in time.
unsigned blk_request(struct VirtQueue* queue, uint32_t type, uint64_t sector, void* data,
                     uint32_t length);
