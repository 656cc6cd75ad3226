// virtio-net: headers that lie, frames of no size or any, the control queue, small receive buffers
// (5.1.6).
#include "guest/attack/family.h"
#include "guest/attack/kinds.h"
#include "guest/machine/program.h"
#include "guest/virtio/deadline.h"

enum { N = kDescriptorNext, W = kDescriptorWrite };

static struct NetHeader* header(void) {
  struct NetHeader* at = (struct NetHeader*)arena.buffer;
  memset(at, 0, sizeof *at);
  (void)net_write_frame(arena.buffer + 64);
  return at;
}

static void send(struct Target* t, uint32_t header_length, uint64_t frame, uint32_t length) {
  const struct Piece pieces[] = {{(uint64_t)arena.buffer, header_length, N, 1},
                                 {frame, length, 0, 0}};
  put_chain(t, pieces, 2);
  (void)target_react(t);
}

static void one_piece(struct Target* t, unsigned long bytes) {
  (void)header();
  const struct Piece piece = {(uint64_t)arena.buffer, (uint32_t)bytes, 0, 0};
  put_chain(t, &piece, 1);
  (void)target_react(t);
}

static void frame_of(struct Target* t, unsigned long bytes) {
  (void)header();
  send(t, sizeof(struct NetHeader), (uint64_t)arena.buffer + 64, (uint32_t)bytes);
}

static void lying(struct Target* t, unsigned long which) {
  static const struct NetHeader kHeaders[] = {{1, 0, 0, 0, 0xffff, 0xffff, 0},
                                              {1, 0, 0, 0, 0xffff, 0, 0},
                                              {1, 0, 0, 0, 59, 0, 0},
                                              {1, 0, 0, 0, 14, 0xffff, 0},
                                              {0xff, 0xff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff},
                                              {0, 1, 54, 0, 0, 0, 0},
                                              {1, 1, 0xffff, 1, 34, 16, 0},
                                              {1, 1, 0, 1, 34, 16, 0},
                                              {1, 4, 54, 1448, 0xffff, 16, 0},
                                              {1, 3, 54, 0xffff, 34, 6, 0},
                                              {1, 0x81, 54, 1, 34, 16, 0},
                                              {0, 2, 54, 100, 34, 16, 0},
                                              {0, 5, 54, 100, 34, 16, 0},
                                              {2, 0, 0, 0, 0, 0, 0},
                                              {4, 0x7f, 0, 0, 0, 0, 0xffff},
                                              {1, 1, 1, 1, 1, 1, 1}};
  *header() = kHeaders[which & 15];
  send(t, sizeof(struct NetHeader), (uint64_t)arena.buffer + 64, which & 16 ? 30000 : 60);
}

static void split_header(struct Target* t, unsigned long unused) {
  (void)unused;
  (void)header();
  struct Piece pieces[16];
  for (unsigned i = 0; i < 12; ++i) {
    pieces[i] = (struct Piece){(uint64_t)arena.buffer + i, 1, N, (uint16_t)(i + 1)};
  }
  for (unsigned i = 12; i < 16; ++i) {
    pieces[i] = (struct Piece){(uint64_t)arena.buffer + 64 + (i - 12) * 15, 15, i < 15 ? N : 0,
                               (uint16_t)(i + 1)};
  }
  put_chain(t, pieces, 16);
  (void)target_react(t);
}

static void frames(struct Target* t, unsigned long count) {
  struct NetHeader* at = header();
  for (unsigned long i = 0; i < count; ++i) {
    const struct Segment segments[] = {{at, sizeof *at, 0}, {arena.buffer + 64, 60, 0}};
    if (!queue_add(t->main, segments, 2, at)) {
      break;
    }
  }
  (void)target_react(t);
}

static void writable_frame(struct Target* t, unsigned long unused) {
  (void)unused;
  const struct Piece pieces[] = {{(uint64_t)arena.buffer, 12, N, 1},
                                 {(uint64_t)arena.buffer + 64, 60, W, 0}};
  put_chain(t, pieces, 2);
  (void)target_react(t);
}

// Receive buffers of that size (or readable ones), then an ARP request whose answer wants one.
static void receive(struct Target* t, unsigned long bytes) {
  struct VirtQueue* queue = t->queues;
  for (unsigned i = 0; i < 8; ++i) {
    const struct Segment segment = {arena.buffer + 4096 + i * 2048, (uint32_t)(bytes & 0x7fffffff),
                                    !(bytes >> 31)};
    (void)queue_add(queue, &segment, 1, arena.buffer);
  }
  virtio_notify_at(t->device, queue->notify_address, 0);
  (void)header();
  send(t, sizeof(struct NetHeader), (uint64_t)arena.buffer + 64, 60);
  sleep_milliseconds(2);
}

static const struct Row rows[] = {
    {"header-of-1", one_piece, 1},
    {"header-of-11", one_piece, 11},
    {"header-alone", one_piece, 12},
    {"header-and-1", one_piece, 13},
    {"frame-of-1", frame_of, 1},
    {"frame-of-13", frame_of, 13},
    {"frame-of-64-kib", frame_of, 65472},
    {"frame-of-1-mib", frame_of, 1 << 20},
    {"frame-of-8-mib", frame_of, 8 << 20},
    {"checksum-far-away", lying, 0},
    {"checksum-starts-far-away", lying, 1},
    {"checksum-at-the-end", lying, 2},
    {"checksum-offset-far-away", lying, 3},
    {"header-of-ones", lying, 4},
    {"gso-size-0", lying, 5},
    {"gso-header-length-0xffff", lying, 6},
    {"gso-header-length-0", lying, 7},
    {"gso-tcp6-wild", lying, 8},
    {"gso-udp-wild", lying, 9},
    {"gso-ecn", lying, 10},
    {"gso-type-2", lying, 11},
    {"gso-type-5", lying, 12},
    {"flag-data-valid", lying, 13},
    {"flag-rsc", lying, 14},
    {"all-fields-1", lying, 15},
    {"gso-size-1-of-30000", lying, 23},
    {"gso-size-0-of-30000", lying, 21},
    {"gso-header-0xffff-of-30000", lying, 22},
    {"header-in-12-parts", split_header, 0},
    {"writable-frame", writable_frame, 0},
    {"60-frames-at-once", frames, 60},
    {"receive-buffers-of-1", receive, 1},
    {"receive-buffers-of-11", receive, 11},
    {"receive-buffers-of-12", receive, 12},
    {"receive-buffers-of-60", receive, 60},
    {"receive-buffers-readable", receive, 0x80000000 + 1526},
    {"receive-buffers-of-2-gib", receive, 0x7fffffff},
};
FAMILY_OF_ROWS(net, rows)
const struct Family family_net = {"net", kNet, kBoth, kEither, 0, ROWS(net, rows)};

// --- control queue (5.1.6.5) ---
static void control_raw(struct Target* t, const uint8_t* bytes, unsigned length, int acknowledge) {
  if (t->queue_count < 3) {
    return;
  }
  memcpy(arena.buffer, bytes, length);
  const struct Segment segments[] = {{arena.buffer, length, 0}, {arena.buffer + 1024, 1, 1}};
  (void)queue_request(t->queues + 2, segments, acknowledge ? 2 : 1, 0, 5);
}

static void class_of(struct Target* t, unsigned long class) {
  for (unsigned command = 0; command < 6; ++command) {
    const uint8_t message[] = {(uint8_t)class, (uint8_t)command, 0xff, 0xff, 0xff, 0xff};
    for (unsigned length = 2; length <= sizeof message; length += 2) {
      control_raw(t, message, length, 1);
    }
  }
}

static void pairs(struct Target* t, unsigned long count) {
  const uint8_t message[] = {4, 0, (uint8_t)count, (uint8_t)(count >> 8)};
  control_raw(t, message, 4, 1);
}

static void control_length(struct Target* t, unsigned long length) {
  static const uint8_t kMessage[64] = {0, 0, 1};
  control_raw(t, kMessage, (unsigned)length, 1);
}

static void mac_table(struct Target* t, unsigned long entries) {
  if (t->queue_count < 3) {
    return;
  }
  memset(arena.buffer, 0xff, 32);
  arena.buffer[0] = 1;
  arena.buffer[1] = 0;
  memcpy(arena.buffer + 2, &entries, 4);
  const struct Segment segments[] = {{arena.buffer, kBufferSize - 64, 0},
                                     {arena.buffer + kBufferSize - 8, 1, 1}};
  (void)queue_request(t->queues + 2, segments, 2, 0, 5);
}

static void no_acknowledgement(struct Target* t, unsigned long unused) {
  (void)unused;
  static const uint8_t kMessage[] = {0, 0, 1};
  control_raw(t, kMessage, 3, 0);
}

static const struct Row control_rows[] = {
    {"class-0", class_of, 0},
    {"class-1", class_of, 1},
    {"class-2", class_of, 2},
    {"class-3", class_of, 3},
    {"class-4", class_of, 4},
    {"class-5", class_of, 5},
    {"class-0xff", class_of, 0xff},
    {"pairs-0", pairs, 0},
    {"pairs-2", pairs, 2},
    {"pairs-0x8001", pairs, 0x8001},
    {"pairs-65535", pairs, 65535},
    {"message-of-1", control_length, 1},
    {"message-of-2", control_length, 2},
    {"message-of-64", control_length, 64},
    {"macs-0", mac_table, 0},
    {"macs-5000", mac_table, 5000},
    {"macs-2^31", mac_table, 0x80000000},
    {"macs-2^32-1", mac_table, 0xffffffff},
    {"no-acknowledgement", no_acknowledgement, 0},
};
FAMILY_OF_ROWS(control, control_rows)
const struct Family family_net_control = {"control", kNet, kBoth,
                                          kEither,   0,    ROWS(control, control_rows)};
