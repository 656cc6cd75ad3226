// Chains of descriptors that are wrong in themselves (2.7.5, 2.8.5 to 2.8.8).
#include "guest/attack/family.h"
#include "guest/virtio/registers.h"

enum { N = kDescriptorNext, W = kDescriptorWrite, I = kDescriptorIndirect };
enum Place { kHeader, kBuffer, kGuard, kStatus, kRings, kTable };

struct Part {
  enum Place place;
  uint32_t length;
  uint16_t flags;
  uint16_t next;
};

struct Chain {
  const char* name;
  unsigned count;
  struct Part parts[5];
};

static const struct Chain kChains[] = {
    {"self-loop", 1, {{kBuffer, 64, N, 0}}},
    {"loop-of-two", 2, {{kHeader, 16, N, 1}, {kBuffer, 64, N, 0}}},
    {"loop-of-writable", 2, {{kHeader, 16, N, 1}, {kBuffer, 512, N | W, 1}}},
    {"loop-back-to-the-middle", 3, {{kHeader, 16, N, 1}, {kBuffer, 1, N, 2}, {kBuffer, 1, N, 1}}},
    {"next-is-the-size", 1, {{kHeader, 16, N, 64}}},
    {"next-0xffff", 1, {{kHeader, 16, N, 0xffff}}},
    {"next-0x8000", 2, {{kHeader, 16, N, 1}, {kBuffer, 512, N | W, 0x8000}}},
    {"ends-in-next", 3, {{kHeader, 16, N, 1}, {kBuffer, 512, N | W, 2}, {kStatus, 1, N | W, 5}}},
    {"readable-after-writable",
     3,
     {{kHeader, 16, N, 1}, {kBuffer, 512, N | W, 2}, {kGuard, 512, 0, 0}}},
    {"writable-first", 3, {{kStatus, 1, N | W, 1}, {kHeader, 16, N, 2}, {kGuard, 512, 0, 0}}},
    {"alternating",
     5,
     {{kHeader, 16, N, 1},
      {kBuffer, 8, N | W, 2},
      {kGuard, 8, N, 3},
      {kBuffer, 8, N | W, 4},
      {kGuard, 8, 0, 0}}},
    {"all-readable", 3, {{kHeader, 16, N, 1}, {kGuard, 512, N, 2}, {kGuard, 1, 0, 0}}},
    {"all-writable", 3, {{kBuffer, 16, N | W, 1}, {kBuffer, 512, N | W, 2}, {kStatus, 1, W, 0}}},
    {"one-readable", 1, {{kGuard, 4096, 0, 0}}},
    {"one-writable", 1, {{kBuffer, 65536, W, 0}}},
    {"one-byte-readable", 1, {{kGuard, 1, 0, 0}}},
    {"one-byte-writable", 1, {{kBuffer, 1, W, 0}}},
    {"undefined-flags", 1, {{kGuard, 64, 0x7f78, 0}}},
    {"undefined-flags-writable", 1, {{kBuffer, 64, 0x7f78 | W, 0}}},
    {"zero-lengths-then-good", 3, {{kGuard, 0, N, 1}, {kHeader, 16, N, 2}, {kBuffer, 513, W, 0}}},
    {"three-zero-lengths", 3, {{kGuard, 0, N, 1}, {kBuffer, 0, N | W, 2}, {kStatus, 0, W, 0}}},
    {"sum-over-4-gib",
     5,
     {{kHeader, 16, N, 1},
      {kBuffer, 0x7fffffff, N | W, 2},
      {kBuffer, 0x7fffffff, N | W, 3},
      {kBuffer, 0x7fffffff, N | W, 4},
      {kStatus, 1, W, 0}}},
    {"indirect-and-next", 2, {{kTable, 32, I | N, 1}, {kBuffer, 64, W, 0}}},
    {"indirect-and-write", 1, {{kTable, 32, I | W, 0}}},
    {"indirect-length-0", 1, {{kTable, 0, I, 0}}},
    {"indirect-length-1", 1, {{kTable, 1, I, 0}}},
    {"indirect-length-15", 1, {{kTable, 15, I, 0}}},
    {"indirect-length-17", 1, {{kTable, 17, I, 0}}},
    {"indirect-length-4-gib", 1, {{kTable, 0xfffffff0, I, 0}}},
    {"indirect-length-1-mib", 1, {{kTable, 0x100000, I, 0}}},
    {"indirect-table-is-the-ring", 1, {{kRings, 64, I, 0}}},
    {"indirect-after-direct", 2, {{kHeader, 16, N, 1}, {kTable, 32, I, 0}}},
    {"buffer-is-the-ring", 2, {{kHeader, 16, N, 1}, {kRings, 1024, W, 0}}},
    {"ring-as-input", 3, {{kHeader, 16, N, 1}, {kRings, 512, N | W, 2}, {kStatus, 1, W, 0}}},
};

static uint64_t place(const struct Target* t, enum Place which) {
  switch (which) {
    case kHeader:
      return (uint64_t)arena.header;
    case kGuard:
      return (uint64_t)arena.guard;
    case kStatus:
      return (uint64_t)arena.status;
    case kTable:
      return (uint64_t)arena.table;
    case kRings:
      return t->main->packed ? (uint64_t)t->main->ring : (uint64_t)t->main->split;
    default:
      return (uint64_t)arena.buffer;
  }
}

static unsigned build(const struct Target* t, const struct Chain* chain, struct Piece* pieces) {
  for (unsigned i = 0; i < chain->count; ++i) {
    const struct Part* part = chain->parts + i;
    pieces[i] = (struct Piece){place(t, part->place), part->length, part->flags, part->next};
  }
  return chain->count;
}

// A table that would be fine, for the rows that point at one.
static void fill_table(const struct Target* t) {
  for (unsigned i = 0; i < kTableEntries; ++i) {
    arena.table[i].address = (uint64_t)arena.guard;
    arena.table[i].length = 16;
    if (t->main->packed) {
      arena.table[i].flags = 0;  // buffer id
      arena.table[i].next = 0;   // flags
    } else {
      arena.table[i].flags = i + 1 < kTableEntries ? N : 0;
      arena.table[i].next = (uint16_t)(i + 1);
    }
  }
}

static const char* chain_name(unsigned row) {
  return kChains[row].name;
}

static void chain(struct Target* t, unsigned row) {
  struct Piece pieces[5];
  fill_table(t);
  put_chain(t, pieces, build(t, kChains + row, pieces));
  (void)target_react(t);
}

const struct Family family_chains = {
    "chain", kAnyKind, kBoth, kEither, 0, sizeof kChains / sizeof *kChains, chain_name, chain};

// The same inside an indirect table; nesting among them.
static void indirect(struct Target* t, unsigned row) {
  struct Piece pieces[5];
  fill_table(t);
  const unsigned count = build(t, kChains + row, pieces);
  put_indirect(t, pieces, count, 16 * count);
  (void)target_react(t);
}

const struct Family family_indirect = {"in-table", kAnyKind, kBoth,
                                       kEither,    0,        sizeof kChains / sizeof *kChains,
                                       chain_name, indirect};

static void refused(struct Target* t, unsigned long length) {
  struct Piece pieces[1] = {{(uint64_t)arena.guard, 16, 0, 0}};
  put_indirect(t, pieces, 1, (uint32_t)length);
  (void)target_react(t);
}

static void table_at(struct Target* t, unsigned long place_index) {
  const struct BadPlace bad = bad_place(t, (unsigned)place_index);
  const struct Piece piece = {bad.address, 64, kDescriptorIndirect, 0};
  put_chain(t, &piece, 1);
  (void)target_react(t);
}

static const struct Row refused_rows[] = {
    {"good-table", refused, 16},
    {"empty-table", refused, 0},
    {"long-table", refused, 0x4000},
};
FAMILY_OF_ROWS(refused, refused_rows)
const struct Family family_indirect_refused = {
    "indirect-not-negotiated",  kAnyKind, kBoth, kEither, 1ull << kFeatureIndirectDesc,
    ROWS(refused, refused_rows)};

static const char* table_name(unsigned row) {
  return bad_place_name(row);
}
static void table_run(struct Target* t, unsigned row) {
  table_at(t, row);
}
const struct Family family_tables = {"table", kAnyKind, kBoth,      kEither,
                                     0,       18,       table_name, table_run};
