// The available side of the rings themselves, and what the device believes of them (2.7.6 to 2.7.8;
// 2.8.5 to 2.8.14).
#include "guest/attack/family.h"
#include "guest/virtio/pool.h"
#include "guest/virtio/registers.h"

static const struct Piece* good(void) {
  static struct Piece piece;
  piece = (struct Piece){(uint64_t)arena.buffer, 512, kDescriptorWrite, 0};
  return &piece;
}

static void index_ahead(struct Target* t, unsigned long by) {
  put_chain(t, good(), 1);
  t->main->available->index = (uint16_t)(t->main->available->index + by);
  (void)target_react(t);
}

static void head(struct Target* t, unsigned long value) {
  put_available(t, (uint16_t)value);
  (void)target_react(t);
}

static void same_head(struct Target* t, unsigned long count) {
  put_chain(t, good(), 1);
  for (unsigned long i = 1; i < count; ++i) {
    put_available(t, 0);
  }
  (void)target_react(t);
}

static void event(struct Target* t, unsigned long value) {
  t->main->available->ring[t->main->size] = (uint16_t)value;
  put_chain(t, good(), 1);
  (void)target_react(t);
}

static void flags(struct Target* t, unsigned long value) {
  t->main->available->flags = (uint16_t)value;
  put_chain(t, good(), 1);
  (void)target_react(t);
}

static void ring_of(struct Target* t, unsigned long byte) {
  struct VirtQueue* q = t->main;
  volatile uint64_t* at = q->packed ? (volatile uint64_t*)q->ring : (volatile uint64_t*)q->split;
  for (unsigned i = 0; i < q->size * 2u; ++i) {
    at[i] = byte * 0x0101010101010101ull;
  }
  if (!q->packed) {
    for (unsigned i = 0; i < q->size; ++i) {
      q->available->ring[i] = (uint16_t)(byte * 0x0101);
    }
    q->available->index = (uint16_t)(q->available->index + q->size);
  }
  (void)target_react(t);
}

static void used_scribbled(struct Target* t, unsigned long unused) {
  (void)unused;
  struct VirtQueue* q = t->main;
  q->used->index = (uint16_t)(q->used->index + 7);
  q->used->flags = 0xffff;
  q->used->ring[q->size].id = 0xffffffff;  // avail_event
  put_chain(t, good(), 1);
  (void)target_react(t);
}

static void index_storm(struct Target* t, unsigned long count) {
  struct VirtQueue* q = t->main;
  put_chain(t, good(), 1);
  for (unsigned long i = 0; i < count; ++i) {
    q->available->index = (uint16_t)(i * 4099);
    q->available->ring[i & (q->size - 1)] = (uint16_t)(i * 31);
    virtio_notify_at(t->device, q->notify_address, q->index);
  }
}

static const struct Row split_rows[] = {
    {"index-ahead-by-the-size", index_ahead, 64},
    {"index-ahead-by-one-more", index_ahead, 65},
    {"index-ahead-by-32768", index_ahead, 0x8000},
    {"index-back-by-one", index_ahead, 0xffff},
    {"index-back-by-two", index_ahead, 0xfffe},
    {"head-is-the-size", head, 64},
    {"head-0x8000", head, 0x8000},
    {"head-0xffff", head, 0xffff},
    {"head-twice", same_head, 2},
    {"head-64-times", same_head, 64},
    {"used-event-0xffff", event, 0xffff},
    {"used-event-0x7fff", event, 0x7fff},
    {"available-flags-ones", flags, 0xffff},
    {"ring-of-zeroes", ring_of, 0},
    {"ring-of-ones", ring_of, 0xff},
    {"ring-of-0x41", ring_of, 0x41},
    {"used-scribbled", used_scribbled, 0},
    {"index-storm", index_storm, 100},
};
FAMILY_OF_ROWS(split, split_rows)
const struct Family family_split = {"split", kAnyKind, kBoth, kSplit, 0, ROWS(split, split_rows)};

enum { kWrong, kBothSet, kNeither };  // available and used bits

static void wrap(struct Target* t, unsigned long how) {
  struct VirtQueue* q = t->main;
  put_chain(t, good(), 1);
  const uint16_t at = (uint16_t)((q->next_available + q->size - 1) % q->size);
  uint16_t bits = 0;
  if (how == kWrong) {
    bits = q->available_wrap ? kPackedUsed : kPackedAvailable;
  } else if (how == kBothSet) {
    bits = kPackedAvailable | kPackedUsed;
  }
  q->ring[at].flags = kDescriptorWrite | bits;
  (void)target_react(t);
}

static void packed_id(struct Target* t, unsigned long id) {
  struct VirtQueue* q = t->main;
  const uint16_t at = q->next_available;
  const uint16_t bits = q->available_wrap ? kPackedAvailable : kPackedUsed;
  q->ring[at].address = (uint64_t)arena.buffer;
  q->ring[at].length = 512;
  q->ring[at].id = (uint16_t)id;
  q->ring[at].flags = kDescriptorWrite | bits;
  (void)target_react(t);
}

static void same_id(struct Target* t, unsigned long count) {
  while (count--) {
    put_chain(t, good(), 1);  // id 0 each time
  }
  (void)target_react(t);
}

static void all_next(struct Target* t, unsigned long count) {
  struct Piece piece = *good();
  piece.flags = kDescriptorNext | kDescriptorWrite;
  while (count--) {
    put_chain(t, &piece, 1);
  }
  (void)target_react(t);
}

static void packed_events(struct Target* t, unsigned long value) {
  struct VirtQueue* q = t->main;
  q->driver_events->descriptor = (uint16_t)value;
  q->driver_events->flags = (uint16_t)(value >> 16);
  put_chain(t, good(), 1);
  (void)target_react(t);
}

static void skipped(struct Target* t, unsigned long entries) {
  struct VirtQueue* q = t->main;
  q->next_available = (uint16_t)((q->next_available + entries) % q->size);
  put_chain(t, good(), 1);
  (void)target_react(t);
}

static void device_area_scribbled(struct Target* t, unsigned long unused) {
  (void)unused;
  t->main->device_events->descriptor = 0xffff;
  t->main->device_events->flags = 0xffff;
  put_chain(t, good(), 1);
  (void)target_react(t);
}

static const struct Row packed_rows[] = {
    {"wrap-bits-of-the-other-lap", wrap, kWrong},
    {"both-bits-set", wrap, kBothSet},
    {"neither-bit-set", wrap, kNeither},
    {"id-is-the-size", packed_id, 64},
    {"id-0x8000", packed_id, 0x8000},
    {"id-0xffff", packed_id, 0xffff},
    {"id-twice", same_id, 2},
    {"id-60-times", same_id, 60},
    {"chain-without-end", all_next, 64},
    {"chain-around-the-ring-twice", all_next, 128},
    {"event-flags-3", packed_events, 0x30000},
    {"event-flags-ones", packed_events, 0xffff0000},
    {"event-descriptor-out-of-range", packed_events, 0x2ffff},
    {"event-descriptor-is-the-size", packed_events, 0x20040},
    {"an-entry-skipped", skipped, 1},
    {"device-area-scribbled", device_area_scribbled, 0},
    {"ring-of-zeroes", ring_of, 0},
    {"ring-of-ones", ring_of, 0xff},
    {"ring-of-0x80", ring_of, 0x80},
};
FAMILY_OF_ROWS(packed, packed_rows)
const struct Family family_packed = {"packed", kAnyKind, kBoth,
                                     kPacked,  0,        ROWS(packed, packed_rows)};
