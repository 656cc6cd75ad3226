#include "guest/attack/target.h"

#include "guest/attack/kinds.h"
#include "guest/machine/places.h"
#include "guest/virtio/deadline.h"
#include "guest/virtio/pool.h"
#include "guest/virtio/registers.h"

struct Arena arena;
enum Reaction last_reaction;
static unsigned long after_arena;

void arena_init(void) {
  const struct RamEdges ram = ram_edges();
  arena.ram_start = ram.start;
  arena.ram_end = ram.end;
  arena.high_ram_end = ram.high_end;
  arena.guard = pool_take(kGuardSize, 4096);
  arena.buffer = pool_take(kBufferSize, 4096);
  arena.table = pool_take(16ul * kTableEntries, 4096);
  arena.header = pool_take(64, 64);
  arena.status = pool_take(64, 64);
  after_arena = pool_mark();
}

uint64_t target_wanted_features(unsigned type) {
  switch (type) {
    case kVirtioBlk:
      return feature(kBlkFlush) | feature(kBlkDiscard) | feature(kBlkWriteZeroes) |
             feature(kBlkBlockSize) | feature(kBlkMultiQueue);
    case kVirtioNet:
      return feature(kNetChecksum) | feature(kNetMac) | feature(kNetHostTso4) |
             feature(kNetHostTso6) | feature(kNetHostUfo) | feature(kNetMergeable) |
             feature(kNetStatus) | feature(kNetControlQueue) | feature(kNetControlReceive);
    default:
      return 0;
  }
}

int target_negotiate(struct Target* t) {
  pool_release(after_arena);
  t->live = 0;
  t->queue_count = 0;
  return virtio_negotiate(t->device, target_wanted_features(t->device->type) | t->ring_features);
}

static unsigned queues_of(const struct VirtioDevice* device) {
  switch (device->type) {
    case kVirtioNet:
      return device->features & feature(kNetControlQueue) ? 3 : 2;
    case kVirtioConsole:
      return 2;
    default:
      return 1;
  }
}

int target_create_queues(struct Target* t) {
  const unsigned count = queues_of(t->device);
  for (unsigned i = 0; i < count; ++i) {
    if (!queue_create(t->queues + i, t->device, i, 64)) {
      return 0;
    }
  }
  t->queue_count = count;
  t->main = t->queues + (count > 1 ? 1 : 0);
  return 1;
}

int target_start(struct Target* t) {
  *arena.header = (struct BlkHeader){kBlkIn, 0, 0};
  *arena.status = kBlkNoStatus;
  if (!target_negotiate(t) || !target_create_queues(t)) {
    return 0;
  }
  virtio_driver_ok(t->device);
  t->live = 1;
  return 1;
}

int target_clean_request(struct Target* t) {
  switch (t->device->type) {
    case kVirtioBlk:
      return blk_clean_request(t);
    case kVirtioNet:
      return net_clean_request(t);
    case kVirtioConsole:
      return console_clean_request(t);
    case kVirtioRng:
      return rng_clean_request(t);
    default:
      return 0;
  }
}

enum Reaction target_react(struct Target* t) {
  const struct VirtQueue* q = t->main;
  virtio_notify_at(t->device, q->notify_address, q->index);
  const struct Deadline deadline = deadline_in(4);
  const uint16_t before = q->packed ? 0 : q->used->index;
  last_reaction = kSilent;
  for (unsigned round = 0; last_reaction == kSilent; ++round) {
    if (q->packed ? queue_has_used(q) : q->used->index != before || queue_has_used(q)) {
      last_reaction = kAnswered;
    } else if (round % 256 == 255) {
      const uint32_t status = virtio_status(t->device);
      if (status != 0xff && (status & kStatusNeedsReset)) {  // ones: its BAR is elsewhere
        last_reaction = kNeedsReset;
      } else if (deadline_over(&deadline)) {
        break;
      }
    }
  }
  return last_reaction;
}

void target_push(struct Target* t) {
  const struct Piece piece = {(uint64_t)arena.buffer, 512, kDescriptorWrite, 0};
  put_chain(t, &piece, 1);
  virtio_notify_at(t->device, t->main->notify_address, t->main->index);
}

void put_available(struct Target* t, uint16_t head) {
  struct VirtQueue* q = t->main;
  q->available->ring[q->next_available & (q->size - 1)] = head;
  write_barrier();
  q->next_available = (uint16_t)(q->next_available + 1);
  q->available->index = q->next_available;
}

static void put_packed(struct VirtQueue* q, const struct Piece* pieces, unsigned count) {
  uint16_t first_flags = 0;
  volatile struct PackedDescriptor* first = q->ring + q->next_available;
  for (unsigned i = 0; i < count; ++i) {
    volatile struct PackedDescriptor* d = q->ring + q->next_available;
    d->address = pieces[i].address;
    d->length = pieces[i].length;
    d->id = 0;
    const uint16_t flags = (uint16_t)((pieces[i].flags & ~(kPackedAvailable | kPackedUsed)) |
                                      (q->available_wrap ? kPackedAvailable : kPackedUsed));
    if (i == 0) {
      first_flags = flags;
    } else {
      d->flags = flags;
    }
    q->next_available = (uint16_t)(q->next_available + 1);
    if (q->next_available == q->size) {
      q->next_available = 0;
      q->available_wrap ^= 1;
    }
  }
  write_barrier();
  first->flags = first_flags;
}

static void put_split(volatile struct SplitDescriptor* table, const struct Piece* pieces,
                      unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    table[i].address = pieces[i].address;
    table[i].length = pieces[i].length;
    table[i].flags = pieces[i].flags;
    table[i].next = pieces[i].next;
  }
}

void put_chain(struct Target* t, const struct Piece* pieces, unsigned count) {
  if (t->main->packed) {
    put_packed(t->main, pieces, count);
    return;
  }
  put_split(t->main->split, pieces, count);
  put_available(t, 0);
}

void put_indirect(struct Target* t, const struct Piece* pieces, unsigned count, uint32_t length) {
  put_split(arena.table, pieces, count);
  if (t->main->packed) {
    for (unsigned i = 0; i < count; ++i) {
      volatile struct PackedDescriptor* d = (volatile struct PackedDescriptor*)arena.table + i;
      d->id = 0;
      d->flags = pieces[i].flags;
    }
  }
  const struct Piece whole = {(uint64_t)arena.table, length, kDescriptorIndirect, 0};
  put_chain(t, &whole, 1);
}
