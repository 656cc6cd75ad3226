// Resets at bad moments, and notifications of all sorts (2.4, 2.9, 4.1.5.2, 4.2.3.3).
#include "guest/attack/family.h"
#include "guest/virtio/deadline.h"
#include "guest/virtio/registers.h"

// As many requests as the ring takes, none waited for.
static void flood(struct Target* t) {
  struct VirtQueue* q = t->main;
  static struct BlkRequest requests[64];
  for (unsigned i = 0; i < 64; ++i) {
    if (t->device->type == kVirtioBlk) {
      requests[i].header = (struct BlkHeader){kBlkIn, 0, i};
      requests[i].data = arena.buffer + i * 512;
      requests[i].length = 512;
      if (!blk_add(q, requests + i)) {
        break;
      }
    } else {
      const int writable = t->device->type == kVirtioRng;
      const struct Segment segment = {arena.buffer + i * 512, 512, writable};
      if (!queue_add(q, &segment, 1, requests + i)) {
        break;
      }
    }
  }
  virtio_notify_at(t->device, q->notify_address, q->index);
}

static void in_flight(struct Target* t, unsigned long rounds) {
  while (rounds-- && target_start(t)) {
    flood(t);
    (void)virtio_reset(t->device);
  }
}

// The reset is not waited for.
static void in_flight_no_wait(struct Target* t, unsigned long rounds) {
  while (rounds-- && target_start(t)) {
    flood(t);
    virtio_set_status(t->device, 0);
    virtio_set_status(t->device, kStatusAcknowledge);
    virtio_set_status(t->device, 0);
  }
}

static void storm(struct Target* t, unsigned long count) {
  while (count--) {
    virtio_set_status(t->device, 0);
  }
}

static void live_storm(struct Target* t, unsigned long count) {
  if (target_start(t)) {
    flood(t);
    storm(t, count);
  }
}

static void half_way(struct Target* t, unsigned long rounds) {
  for (unsigned long i = 0; i < rounds; ++i) {
    if (target_negotiate(t) && i % 2) {
      (void)target_create_queues(t);
    }
    virtio_set_status(t->device, 0);
  }
}

static void used_after(struct Target* t, unsigned long unused) {
  (void)unused;
  if (target_start(t)) {
    virtio_set_status(t->device, 0);
    flood(t);
    const struct Piece piece = {(uint64_t)arena.buffer, 512, kDescriptorWrite, 0};
    put_chain(t, &piece, 1);
    (void)target_react(t);
  }
}

static void reset_at_once_on_and_off(struct Target* t, unsigned long rounds) {
  for (unsigned long i = 0; i < rounds; ++i) {
    if (!target_start(t)) {
      return;
    }
    if (i % 3 == 0) {
      flood(t);
    }
  }
}

static const struct Row reset_rows[] = {
    {"storm", storm, 300},
    {"storm-while-live", live_storm, 100},
    {"io-in-flight", in_flight, 8},
    {"io-in-flight-not-waited-for", in_flight_no_wait, 4},
    {"half-way", half_way, 6},
    {"then-requests", used_after, 0},
    {"start-again-and-again", reset_at_once_on_and_off, 6},
};
FAMILY_OF_ROWS(reset, reset_rows)
const struct Family family_reset = {"reset", kAnyKind, kBoth, kFresh, 0, ROWS(reset, reset_rows)};

static void notify_value(struct Target* t, unsigned long value) {
  virtio_notify_at(t->device, t->main->notify_address, (uint32_t)value);
  write32(t->main->notify_address, (uint32_t)value);
}

static void notify_widths(struct Target* t, unsigned long unused) {
  (void)unused;
  const uint64_t at = t->main->notify_address;
  for (unsigned width = 1; width <= 8; width *= 2) {
    write_width(at, width, 0);
    write_width(at, width, ~0ull);
    write_width(at + 1, width, 0);
    (void)read_width(at, width);
    (void)read_width(at + 1, width);
  }
}

static void notify_storm(struct Target* t, unsigned long count) {
  while (count--) {
    virtio_notify_at(t->device, t->main->notify_address, t->main->index);
  }
}

static void notify_every(struct Target* t, unsigned long unused) {
  (void)unused;
  if (!t->device->is_pci) {
    for (unsigned i = 0; i < 64; ++i) {
      write32(t->device->base + kMmioQueueNotify, i * 1031);
    }
    return;
  }
  const struct VirtioRegion* area = &t->device->notify;
  const unsigned length = area->length < 0x1000 ? area->length : 0x1000;
  for (unsigned at = 0; at + 2 <= length; at += 2) {
    write16(area->address + at, (uint16_t)(at * 31));
  }
}

static void notify_before_ok(struct Target* t, unsigned long unused) {
  (void)unused;
  if (target_negotiate(t) && target_create_queues(t)) {
    const struct Piece piece = {(uint64_t)arena.buffer, 512, kDescriptorWrite, 0};
    put_chain(t, &piece, 1);
    (void)target_react(t);
    virtio_driver_ok(t->device);
    (void)target_react(t);
  }
}

static void other_queues(struct Target* t, unsigned long unused) {
  (void)unused;
  for (unsigned i = 0; i < 20; ++i) {
    virtio_notify_at(t->device, virtio_notify_address(t->device, i), i);
  }
}

static const struct Row notify_rows[] = {
    {"queue-99", notify_value, 99},
    {"queue-0x8000", notify_value, 0x8000},
    {"queue-0xffff", notify_value, 0xffff},
    {"queue-ones", notify_value, 0xffffffff},
    {"with-data", notify_value, 0x7fff0000},
    {"every-width", notify_widths, 0},
    {"storm", notify_storm, 1000},
    {"the-whole-area", notify_every, 0},
    {"before-driver-ok", notify_before_ok, 0},
    {"queues-that-are-not-there", other_queues, 0},
};
FAMILY_OF_ROWS(notify, notify_rows)
const struct Family family_notify = {"notify", kAnyKind, kBoth,
                                     kSplit,   0,        ROWS(notify, notify_rows)};
