// virtio-blk: drives a virtio block device. Prints what it is, then checks: identity, writes of a
// pattern, flush, the same read back, discard and zeroes, and requests that must be refused.
// Destroys what is on the disk from sector `sector=` on (not with mode=verify or a read-only disk).
//   transport=pci|mmio  ring=split|packed  irq=poll|msix|line  index=N  no-indirect  no-event-idx
//   mode=all (default), write (pattern and flush only), verify (read the pattern only)
//   ops=16 requests  bytes=4096 each  depth=8 at once  sector=0  seed=1  queues=1 used in turn

#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"
#include "guest/virtio/block.h"
#include "guest/virtio/check.h"
#include "guest/virtio/options.h"
#include "guest/virtio/pool.h"

enum { kMaxDepth = 64, kMaxQueues = 8 };

static struct VirtQueue queues[kMaxQueues];
static unsigned queue_count;
static enum CompletionMode mode;
static unsigned long ops, bytes, depth, first_sector, seed;
static struct BlkRequest requests[kMaxDepth];

static struct VirtQueue* queue_of(unsigned long operation) {
  return queues + operation % queue_count;
}

static uint64_t sector_of(unsigned long operation) {
  return first_sector + operation * (bytes / 512);
}

// `depth` requests from operation `from` on, all started, then all waited for.
static int batch(uint32_t type, unsigned long from, unsigned long count) {
  for (unsigned long i = 0; i < count; ++i) {
    struct BlkRequest* r = requests + i;
    r->header = (struct BlkHeader){type, 0, sector_of(from + i)};
    r->length = (uint32_t)bytes;
    if (type == kBlkOut) {
      pattern_fill(r->data, bytes, seed + sector_of(from + i));
    } else {
      clear_fast(r->data, bytes);
    }
    if (!blk_add(queue_of(from + i), r)) {
      check_fail("ring", "no room for request", i);
      return 0;
    }
  }
  unsigned long expected[kMaxQueues] = {0};
  for (unsigned long i = 0; i < count; ++i) {
    ++expected[(from + i) % queue_count];
  }
  for (unsigned q = 0; q < queue_count; ++q) {
    completion_arm(queues + q, mode);
    queue_kick(queues + q);
  }
  for (unsigned q = 0; q < queue_count; ++q) {
    while (expected[q]) {
      uint32_t written = 0;
      struct BlkRequest* r = queue_take(queues + q, &written);
      if (!r) {
        if (!completion_sleep(queues + q, mode, 1, 20000)) {
          check_fail("completion", "requests missing:", expected[q]);
          return 0;
        }
        continue;
      }
      --expected[q];
      if (r->status != kBlkOk) {
        check_fail("request", "status", r->status);
        return 0;
      }
      const uint32_t most = type == kBlkIn ? (uint32_t)bytes + 1 : 1;
      if (written > most) {
        check_fail("used length", "bytes beyond the buffer:", written);
        return 0;
      }
      if (type == kBlkIn && !pattern_is(r->data, bytes, seed + r->header.sector)) {
        check_fail("data", "differs at sector", r->header.sector);
        return 0;
      }
    }
  }
  return 1;
}

static int run(uint32_t type) {
  for (unsigned long done = 0; done < ops;) {
    const unsigned long count = ops - done < depth ? ops - done : depth;
    if (!batch(type, done, count)) {
      return 0;
    }
    done += count;
  }
  return 1;
}

static void check_identity(uint8_t* buffer) {
  memset(buffer, 0, 21);
  check("get-id", blk_request(queues, kBlkGetId, 0, buffer, 20) == kBlkOk);
  check_line();
  print("id '");
  for (unsigned i = 0; i < 20 && buffer[i]; ++i) {
    print_char((char)buffer[i]);
  }
  print("'\n");
}

static void check_refusals(uint64_t capacity, uint8_t* buffer) {
  check("read at the end", blk_request(queues, kBlkIn, capacity - 1, buffer, 512) == kBlkOk);
  check("read past the end", blk_request(queues, kBlkIn, capacity, buffer, 512) == kBlkIoError);
  check("read across the end",
        blk_request(queues, kBlkIn, capacity - 1, buffer, 1024) == kBlkIoError);
  check("read at 2^64-1", blk_request(queues, kBlkIn, ~0ull, buffer, 512) == kBlkIoError);
  check("unknown type", blk_request(queues, 77, 0, buffer, 512) == kBlkUnsupported);
}

static void check_ranges(const struct VirtioDevice* device, uint8_t* buffer) {
  struct BlkRange* range = pool_take(sizeof *range, 8);
  if (device->features & feature(kBlkDiscard)) {
    *range = (struct BlkRange){first_sector, 8, 0};
    check("discard", blk_request(queues, kBlkDiscardRequest, 0, range, 16) == kBlkOk);
  }
  if (device->features & feature(kBlkWriteZeroes)) {
    *range = (struct BlkRange){first_sector, 8, 1};
    check("write-zeroes", blk_request(queues, kBlkWriteZeroesRequest, 0, range, 16) == kBlkOk);
    pattern_fill(buffer, 4096, 99);
    blk_request(queues, kBlkIn, first_sector, buffer, 4096);
    unsigned long set = 0;
    for (unsigned i = 0; i < 512; ++i) {
      set += ((volatile uint64_t*)buffer)[i] != 0;
    }
    check("zeroes read back", set == 0);
  }
}

static void print_geometry(const struct VirtioDevice* device, uint64_t capacity) {
  check_line();
  print_number("capacity ", capacity, " sectors");
  if (device->features & feature(kBlkBlockSize)) {
    print_number(", block ", virtio_config(device, kBlkConfigBlockSize, 4), "");
  }
  if (device->features & feature(kBlkMultiQueue)) {
    print_number(", queues ", virtio_config(device, kBlkConfigQueues, 2), "");
  }
  print(device->features & feature(kBlkReadOnly) ? ", read-only\n" : "\n");
}

static int open_device(const char* line, struct VirtioDevice** out) {
  const uint64_t wanted = feature(kBlkReadOnly) | feature(kBlkBlockSize) | feature(kBlkFlush) |
                          feature(kBlkMultiQueue) | feature(kBlkDiscard) | feature(kBlkWriteZeroes);
  queue_count = (unsigned)text_number(line, "queues", 1);
  if (queue_count < 1 || queue_count > kMaxQueues) {
    queue_count = 1;
  }
  struct VirtioDevice* device = options_open(line, kVirtioBlk, wanted, queue_count, &mode);
  for (unsigned i = 0; device && i < queue_count; ++i) {
    if (!queue_create(queues + i, device, i, 128)) {
      check_fail("queue", "there is no", i);
      device = 0;
    }
  }
  *out = device;
  return device != 0;
}

static void exercise(struct VirtioDevice* device, const char* line, uint8_t* buffer) {
  const int writable = !(device->features & feature(kBlkReadOnly));
  const int all = !text_is(line, "mode", "write") && !text_is(line, "mode", "verify");
  const uint64_t capacity = virtio_config(device, kBlkConfigCapacity, 8);
  if (sector_of(ops) > capacity || capacity == 0) {
    check_fail("size", "the disk is too small, sectors:", capacity);
    return;
  }
  if (all) {
    check_identity(buffer);
  }
  if (writable && !text_is(line, "mode", "verify")) {
    check("write", run(kBlkOut));
    if (device->features & feature(kBlkFlush)) {
      check("flush", blk_request(queues, kBlkFlushRequest, 0, 0, 0) == kBlkOk);
    }
  }
  if (!text_is(line, "mode", "write") && (writable || text_is(line, "mode", "verify"))) {
    check("read", run(kBlkIn));
  }
  if (!all) {
    return;
  }
  check_refusals(capacity, buffer);
  if (writable) {
    check_ranges(device, buffer);
  } else {
    check("write refused", blk_request(queues, kBlkOut, 0, buffer, 512) == kBlkIoError);
  }
  if (mode != kPoll && writable) {  // the other requests are polled for
    check("interrupts came", completion_interrupts(0) != 0);
  }
}

int program_main(const char* line) {
  check_begin("virtio-blk");
  ops = text_number(line, "ops", 16);
  bytes = (text_number(line, "bytes", 4096) + 511) & ~511ul;
  depth = text_number(line, "depth", 8);
  depth = depth < 1 ? 1 : depth > kMaxDepth ? kMaxDepth : depth;
  first_sector = text_number(line, "sector", 0);
  seed = text_number(line, "seed", 1) << 32;
  struct VirtioDevice* device;
  if (!open_device(line, &device)) {
    return check_status();
  }
  for (unsigned i = 0; i < depth; ++i) {
    requests[i].data = pool_take(bytes, 4096);
  }
  virtio_driver_ok(device);
  print_geometry(device, virtio_config(device, kBlkConfigCapacity, 8));
  exercise(device, line, pool_take(8192, 4096));
  check("not broken", !(virtio_status(device) & kStatusNeedsReset));
  check("reset", virtio_reset(device));
  return check_status();
}
