// virtio-blk requests that no driver would make (5.2.6).
#include "guest/attack/family.h"
#include "guest/virtio/pool.h"

enum { N = kDescriptorNext, W = kDescriptorWrite };

// Header, data, status in one descriptor each.
static void request(struct Target* t, uint32_t type, uint64_t sector, uint64_t data,
                    uint32_t length, int writable) {
  *arena.header = (struct BlkHeader){type, 0, sector};
  const struct Piece pieces[] = {{(uint64_t)arena.header, 16, N, 1},
                                 {data, length, (uint16_t)(N | (writable ? W : 0)), 2},
                                 {(uint64_t)arena.status, 1, W, 0}};
  put_chain(t, pieces, 3);
  (void)target_react(t);
}

static const uint32_t kTypes[] = {2,  3,  5,  6,  7,      9,          10,         12,
                                  14, 15, 16, 17, 0x1000, 0x80000000, 0x80000001, 0xffffffff};
static const char* type_name(unsigned row) {
  static char name[] = "0x00000000-writable";
  for (unsigned i = 0; i < 8; ++i) {
    name[2 + i] = "0123456789abcdef"[kTypes[row / 2] >> (28 - 4 * i) & 15];
  }
  name[10] = row % 2 ? '-' : 0;
  return name;
}
static void type(struct Target* t, unsigned row) {
  request(t, kTypes[row / 2], 0, (uint64_t)(row % 2 ? arena.buffer : arena.guard), 512,
          (int)(row % 2));
}
const struct Family family_blk_types = {
    "type", kBlk, kBoth, kEither, 0, 2 * sizeof kTypes / sizeof *kTypes, type_name, type};

static uint64_t capacity(const struct Target* t) {
  return virtio_config(t->device, kBlkConfigCapacity, 8);
}

static void sector(struct Target* t, unsigned long how) {
  const uint64_t sectors[] = {capacity(t),      capacity(t) - 1, ~0ull,      1ull << 55,
                              (1ull << 55) - 1, 1ull << 63,      ~0ull >> 9, (~0ull >> 9) - 1};
  const uint64_t at = sectors[how & 7];
  const int write = how >> 3 & 1;
  request(t, write ? kBlkOut : kBlkIn, at, (uint64_t)(write ? arena.guard : arena.buffer), 1024,
          !write);
}

static void length(struct Target* t, unsigned long bytes) {
  request(t, kBlkIn, 0, (uint64_t)arena.buffer, (uint32_t)bytes, 1);
  request(t, kBlkOut, 64, (uint64_t)arena.guard, (uint32_t)(bytes < 4096 ? bytes : 4096), 0);
}

static void direction(struct Target* t, unsigned long kind) {
  request(t, (uint32_t)kind, 0, (uint64_t)(kind == kBlkIn ? arena.guard : arena.buffer), 512,
          kind != kBlkIn);
}

static void no_status(struct Target* t, unsigned long how) {
  *arena.header = (struct BlkHeader){how == 2 ? kBlkFlushRequest : how ? kBlkOut : kBlkIn, 0, 0};
  const struct Piece pieces[] = {{(uint64_t)arena.header, 16, how == 2 ? 0 : N, 1},
                                 {(uint64_t)arena.guard, 512, 0, 0}};
  put_chain(t, pieces, how == 2 ? 1 : 2);
  (void)target_react(t);
}

static void status_only(struct Target* t, unsigned long bytes) {
  const struct Piece piece = {(uint64_t)arena.buffer, (uint32_t)bytes, W, 0};
  put_chain(t, &piece, 1);
  (void)target_react(t);
}

static void short_header(struct Target* t, unsigned long bytes) {
  const struct Piece pieces[] = {{(uint64_t)arena.header, (uint32_t)bytes, N, 1},
                                 {(uint64_t)arena.status, 1, W, 0}};
  put_chain(t, pieces, 2);
  (void)target_react(t);
}

// A right request, its header one byte for each descriptor, its data two, its status last.
static void split_header(struct Target* t, unsigned long kind) {
  *arena.header = (struct BlkHeader){(uint32_t)kind, 0, 1};
  struct Piece pieces[19];
  for (unsigned i = 0; i < 16; ++i) {
    pieces[i] = (struct Piece){(uint64_t)arena.header + i, 1, N, (uint16_t)(i + 1)};
  }
  const uint16_t write = kind == kBlkIn ? W : 0;
  const uint64_t data = (uint64_t)(kind == kBlkIn ? arena.buffer : arena.guard);
  pieces[16] = (struct Piece){data, 3, (uint16_t)(N | write), 17};
  pieces[17] = (struct Piece){data + 3, 509, (uint16_t)(N | write), 18};
  pieces[18] = (struct Piece){(uint64_t)arena.status, 1, W, 0};
  put_chain(t, pieces, 19);
  (void)target_react(t);
}

// Header and data in one descriptor; data and status in one.
static void joined_parts(struct Target* t, unsigned long bytes) {
  *arena.header = (struct BlkHeader){kBlkIn, 0, 0};
  const struct Piece pieces[] = {{(uint64_t)arena.header, 16, N, 1},
                                 {(uint64_t)arena.buffer, (uint32_t)bytes, W, 0}};
  put_chain(t, pieces, 2);
  (void)target_react(t);
}

static void many_parts(struct Target* t, unsigned long count) {
  *arena.header = (struct BlkHeader){kBlkIn, 0, 0};
  static struct Piece pieces[kTableEntries];
  for (unsigned i = 0; i < count; ++i) {
    pieces[i] = (struct Piece){(uint64_t)arena.buffer + i, 1, N | W, (uint16_t)(i + 1)};
  }
  pieces[0] = (struct Piece){(uint64_t)arena.header, 16, N, 1};
  pieces[count - 1].flags = W;
  put_indirect(t, pieces, (unsigned)count, (uint32_t)(16 * count));
  (void)target_react(t);
}

static void ranges(struct Target* t, unsigned long what) {
  static const struct BlkRange kRanges[] = {
      {0, 0xffffffff, 0}, {~0ull, 8, 0},      {~0ull - 3, 8, 0},          {0, 0, 0},
      {0, 8, 0xffffffff}, {1ull << 55, 8, 1}, {1ull << 54, 0xffffffff, 0}};
  const uint32_t kind = what & 0x100 ? kBlkWriteZeroesRequest : kBlkDiscardRequest;
  struct BlkRange* range = (struct BlkRange*)arena.buffer;
  range[0] = kRanges[what & 0xff];
  request(t, kind, 0, (uint64_t)range, 16, 0);
}

static void ranges_long(struct Target* t, unsigned long what) {
  const uint32_t kind = what & 0x80000000 ? kBlkWriteZeroesRequest : kBlkDiscardRequest;
  clear_fast(arena.buffer, kBufferSize);
  request(t, kind, 0, (uint64_t)arena.buffer, (uint32_t)(what & 0x7fffffff), 0);
}

static void ranges_writable(struct Target* t, unsigned long kind) {
  request(t, (uint32_t)kind, 0, (uint64_t)arena.buffer, 16, 1);
}

static void get_id(struct Target* t, unsigned long bytes) {
  request(t, kBlkGetId, 0, (uint64_t)arena.buffer, (uint32_t)bytes, 1);
}

static void flush_with_data(struct Target* t, unsigned long writable) {
  request(t, kBlkFlushRequest, ~0ull, (uint64_t)(writable ? arena.buffer : arena.guard), 4096,
          (int)writable);
}

static void status_in_place(struct Target* t, unsigned long which) {
  const struct VirtQueue* q = t->main;
  const uint64_t places[] = {(uint64_t)arena.header,
                             q->packed ? (uint64_t)q->ring : (uint64_t)q->split,
                             q->packed ? (uint64_t)q->device_events : (uint64_t)q->used};
  *arena.header = (struct BlkHeader){kBlkIn, 0, 0};
  const struct Piece pieces[] = {{(uint64_t)arena.header, 16, N, 1},
                                 {places[which], 1024, N | W, 2},
                                 {places[which], 1, W, 0}};
  put_chain(t, pieces, 3);
  (void)target_react(t);
}

static const struct Row rows[] = {
    {"read-at-the-end", sector, 0},
    {"read-across-the-end", sector, 1},
    {"read-at-2^64-1", sector, 2},
    {"read-at-2^55", sector, 3},
    {"read-at-2^55-1", sector, 4},
    {"read-at-2^63", sector, 5},
    {"read-at-the-last-byte", sector, 6},
    {"write-at-the-end", sector, 8},
    {"write-across-the-end", sector, 9},
    {"write-at-2^64-1", sector, 10},
    {"write-at-2^55", sector, 11},
    {"write-at-the-last-byte", sector, 15},
    {"length-0", length, 0},
    {"length-1", length, 1},
    {"length-511", length, 511},
    {"length-513", length, 513},
    {"length-64-kib", length, 65536},
    {"read-into-readable", direction, kBlkIn},
    {"write-from-writable", direction, kBlkOut},
    {"get-id-into-readable", no_status, 1},
    {"no-status-for-read", no_status, 0},
    {"no-status-for-flush", no_status, 2},
    {"nothing-but-status", status_only, 1},
    {"nothing-but-4-gib-of-status", status_only, 0xffffffff},
    {"header-of-1", short_header, 1},
    {"header-of-15", short_header, 15},
    {"header-of-17", short_header, 17},
    {"header-of-64-kib", short_header, 65536},
    {"split-header-read", split_header, kBlkIn},
    {"split-header-write", split_header, kBlkOut},
    {"data-and-status-in-one", joined_parts, 513},
    {"data-and-status-in-two-bytes", joined_parts, 2},
    {"1000-parts", many_parts, 1000},
    {"200-parts", many_parts, 200},
    {"discard-huge", ranges, 0},
    {"discard-at-2^64-1", ranges, 1},
    {"discard-that-wraps", ranges, 2},
    {"discard-nothing", ranges, 3},
    {"discard-flags", ranges, 4},
    {"discard-at-2^55", ranges, 5},
    {"discard-2^54-huge", ranges, 6},
    {"zeroes-huge", ranges, 0x100},
    {"zeroes-at-2^64-1", ranges, 0x101},
    {"zeroes-that-wrap", ranges, 0x102},
    {"zeroes-flags", ranges, 0x104},
    {"zeroes-at-2^55", ranges, 0x105},
    {"discard-half-a-segment", ranges_long, 8},
    {"discard-17-bytes", ranges_long, 17},
    {"discard-4096-segments", ranges_long, 65536},
    {"discard-0-bytes", ranges_long, 0},
    {"zeroes-half-a-segment", ranges_long, 0x80000008},
    {"zeroes-4096-segments", ranges_long, 0x80010000},
    {"discard-writable", ranges_writable, kBlkDiscardRequest},
    {"zeroes-writable", ranges_writable, kBlkWriteZeroesRequest},
    {"get-id-0", get_id, 0},
    {"get-id-1", get_id, 1},
    {"get-id-64-kib", get_id, 65536},
    {"flush-with-data", flush_with_data, 0},
    {"flush-with-writable-data", flush_with_data, 1},
    {"status-on-the-header", status_in_place, 0},
    {"read-over-the-ring", status_in_place, 1},
    {"read-over-the-used-area", status_in_place, 2},
};
FAMILY_OF_ROWS(blk, rows)
const struct Family family_blk = {"blk", kBlk, kBoth, kEither, 0, ROWS(blk, rows)};
