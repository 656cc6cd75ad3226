// Buffers in bad places and of bad lengths, as each part of a request, in either ring.
#include "guest/attack/family.h"
#include "guest/virtio/registers.h"

const char* joined(const char* first, const char* second) {
  static char names[2][64];
  static unsigned turn;
  char* name = names[turn++ % 2];
  unsigned at = 0;
  for (const char* const* part = (const char* const[]){first, "-", second, 0}; *part; ++part) {
    for (const char* c = *part; *c && at + 1 < sizeof names[0]; ++c) {
      name[at++] = *c;
    }
  }
  name[at] = 0;
  return name;
}

struct BadPlace bad_place(const struct Target* t, unsigned index) {
  const uint64_t end = arena.ram_end;
  const uint64_t high = arena.high_ram_end ? arena.high_ram_end : 1ull << 32;
  const uint64_t own = !t ? 0 : t->device->is_pci ? t->device->common.address : t->device->base;
  const struct NamedPlace hole = machine_place(kPlaceHole);
  const struct NamedPlace controller = machine_place(kPlaceController);
  const struct NamedPlace controller2 = machine_place(kPlaceController2);
  const struct NamedPlace edge = machine_place(kPlaceEdge);
  const struct BadPlace places[kBadPlaces] = {
      {"past-ram", end, 512, 0},
      {"far-past-ram", end + 0x1000000, 512, 0},
      {"across-the-end-of-ram", end - 256, 512, 0},
      {"last-byte-of-ram", end - 1, 2, 0},
      {"in", hole.address, 512, hole.name},
      {"in", controller.address, 512, controller.name},
      {"in", controller2.address, 512, controller2.name},
      {"in-the-device", own, 512, 0},
      {"across", edge.address, 512, edge.name},
      {"past-high-ram", high + (1ull << 30), 512, 0},
      {"across-high-ram", high - 16, 512, 0},
      {"at-2^40", 1ull << 40, 512, 0},
      {"at-2^48", 1ull << 48, 512, 0},
      {"at-2^63", 1ull << 63, 512, 0},
      {"not-canonical", 0xffff800000000000ull, 512, 0},
      {"at-2^64-512", ~0ull - 511, 512, 0},
      {"wraps-by-one", ~0ull - 510, 512, 0},
      {"wraps-at-once", ~0ull, 0xffffffff, 0},
      {"all-of-ram-and-more", arena.ram_start, 0xffffffff, 0},
      {"2-gib", (uint64_t)arena.buffer, 0x80000000, 0},
      {"4-gib-less-one", (uint64_t)arena.buffer, 0xffffffff, 0},
      {"length-0", (uint64_t)arena.buffer, 0, 0},
      {"length-0-at-0", 0, 0, 0},
      {"length-0-at-2^64-1", ~0ull, 0, 0},
  };
  return places[index < kBadPlaces ? index : 0];
}

const char* bad_place_name(unsigned index) {
  const struct BadPlace place = bad_place(0, index);
  return place.what ? joined(place.name, place.what) : place.name;
}

enum { kAsHeader, kAsOutput, kAsInput, kAsStatus, kAlone, kPositions };
static const char* const kPositionNames[] = {"header", "output", "input", "status", "alone"};

static const char* buffer_name(unsigned row) {
  return joined(kPositionNames[row % kPositions], bad_place_name(row / kPositions));
}

static void buffer(struct Target* t, unsigned row) {
  const struct BadPlace bad = bad_place(t, row / kPositions);
  const unsigned position = row % kPositions;
  arena.header->type = position == kAsOutput ? kBlkOut : kBlkIn;
  struct Piece pieces[3] = {
      {(uint64_t)arena.header, 16, kDescriptorNext, 1},
      {(uint64_t)arena.buffer, 512,
       (uint16_t)(kDescriptorNext | (position == kAsOutput ? 0 : kDescriptorWrite)), 2},
      {(uint64_t)arena.status, 1, kDescriptorWrite, 0}};
  const unsigned at[] = {0, 1, 1, 2, 0};
  pieces[at[position]].address = bad.address;
  pieces[at[position]].length = bad.length;
  if (position == kAlone) {
    const int writable = t->device->type == kVirtioRng || t->device->type == kVirtioBlk;
    pieces[0].flags = writable ? kDescriptorWrite : 0;
    put_chain(t, pieces, 1);
  } else {
    put_chain(t, pieces, 3);
  }
  (void)target_react(t);
}

const struct Family family_buffers = {
    "buffer", kAnyKind, kBoth, kEither, 0, kBadPlaces* kPositions, buffer_name, buffer};
