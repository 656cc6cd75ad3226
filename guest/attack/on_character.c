// virtio-console (5.3.6) and virtio-rng (5.4.6).
#include "guest/attack/family.h"
#include "guest/machine/program.h"
#include "guest/virtio/deadline.h"

enum { kMultiport = 1, kControlReceive = 2, kControlTransmit = 3 };

struct ControlMessage {  // 5.3.6.2
  uint32_t id;
  uint16_t event;
  uint16_t value;
};

// Live with the control queues, if the device has several ports; else as it is.
static struct VirtQueue* control_queue(struct Target* t) {
  t->live = 0;
  if (!virtio_negotiate(t->device, feature(kMultiport) | t->ring_features) ||
      !(t->device->features & feature(kMultiport))) {
    return 0;
  }
  for (unsigned i = 0; i < 4; ++i) {
    if (!queue_create(t->queues + i, t->device, i, 32)) {
      return 0;
    }
  }
  t->queue_count = 4;
  t->main = t->queues + 1;
  virtio_driver_ok(t->device);
  for (unsigned i = 0; i < 4; ++i) {
    const struct Segment segment = {arena.buffer + 8192 + i * 256, 256, 1};
    (void)queue_add(t->queues + kControlReceive, &segment, 1, arena.buffer);
  }
  queue_kick(t->queues + kControlReceive);
  return t->queues + kControlTransmit;
}

static void tell(struct VirtQueue* queue, uint32_t id, unsigned event, unsigned value) {
  struct ControlMessage* message = (struct ControlMessage*)arena.buffer;
  *message = (struct ControlMessage){id, (uint16_t)event, (uint16_t)value};
  const struct Segment segment = {message, sizeof *message, 0};
  (void)queue_request(queue, &segment, 1, 0, 5);
}

static void events_for(struct Target* t, unsigned long port) {
  struct VirtQueue* queue = control_queue(t);
  for (unsigned event = 0; queue && event < 10; ++event) {
    tell(queue, (uint32_t)port, event, 1);
    tell(queue, (uint32_t)port, event, 0xffff);
  }
}

static void wild_event(struct Target* t, unsigned long event) {
  struct VirtQueue* queue = control_queue(t);
  if (queue) {
    tell(queue, 0, (unsigned)event, 1);
  }
}

static void truncated(struct Target* t, unsigned long length) {
  struct VirtQueue* queue = control_queue(t);
  if (queue) {
    memset(arena.buffer, 0, 64);
    const struct Segment segment = {arena.buffer, (uint32_t)length, 0};
    (void)queue_request(queue, &segment, 1, 0, 5);
  }
}

static void ready_storm(struct Target* t, unsigned long count) {
  struct VirtQueue* queue = control_queue(t);
  while (queue && count--) {
    tell(queue, 0, 0, count & 1);  // DEVICE_READY
    tell(queue, 0, 3, 1);          // PORT_READY
    tell(queue, 0, 6, count & 1);  // PORT_OPEN
  }
}

static void no_room_for_answers(struct Target* t, unsigned long bytes) {
  struct VirtQueue* queue = control_queue(t);
  if (queue) {
    const struct Segment segment = {arena.buffer + 16384, (uint32_t)bytes, 1};
    (void)queue_add(t->queues + kControlReceive, &segment, 1, arena.buffer);
    queue_kick(t->queues + kControlReceive);
    for (unsigned i = 0; i < 40; ++i) {
      tell(queue, 0, 0, 1);
    }
  }
}

static void without_driver_ready(struct Target* t, unsigned long unused) {
  (void)unused;
  if (control_queue(t)) {
    const struct Segment segment = {arena.buffer, 1, 0};
    (void)queue_request(t->queues + 1, &segment, 1, 0, 5);
  }
}

static void transmit(struct Target* t, unsigned long bytes) {
  memset(arena.buffer, '.', 64);
  const struct Piece piece = {(uint64_t)arena.buffer, (uint32_t)bytes, 0, 0};
  put_chain(t, &piece, 1);
  (void)target_react(t);
}

static void transmit_writable(struct Target* t, unsigned long unused) {
  (void)unused;
  const struct Piece piece = {(uint64_t)arena.buffer, 64, kDescriptorWrite, 0};
  put_chain(t, &piece, 1);
  (void)target_react(t);
}

static void receive(struct Target* t, unsigned long bytes) {
  for (unsigned i = 0; i < 30; ++i) {
    const struct Segment segment = {arena.buffer, (uint32_t)(bytes & 0x7fffffff), !(bytes >> 31)};
    (void)queue_add(t->queues, &segment, 1, arena.buffer);
  }
  virtio_notify_at(t->device, t->queues[0].notify_address, 0);
  sleep_milliseconds(1);
}

static const struct Row console_rows[] = {
    {"transmit-0", transmit, 0},
    {"transmit-64-kib", transmit, 65536},
    {"transmit-4-mib", transmit, 4 << 20},
    {"transmit-writable", transmit_writable, 0},
    {"receive-of-0", receive, 0},
    {"receive-of-1", receive, 1},
    {"receive-readable", receive, 0x80000040},
    {"receive-of-2-gib", receive, 0x7fffffff},
};
FAMILY_OF_ROWS(console, console_rows)
const struct Family family_console = {"console", kConsole, kBoth,
                                      kEither,   0,        ROWS(console, console_rows)};

static const struct Row port_rows[] = {
    {"events-for-port-0", events_for, 0},
    {"events-for-port-1", events_for, 1},
    {"events-for-port-31", events_for, 31},
    {"events-for-port-0x7fffffff", events_for, 0x7fffffff},
    {"events-for-port-0xffffffff", events_for, 0xffffffff},
    {"event-100", wild_event, 100},
    {"event-0xffff", wild_event, 0xffff},
    {"message-of-1", truncated, 1},
    {"message-of-7", truncated, 7},
    {"message-of-64-kib", truncated, 65536},
    {"ready-storm", ready_storm, 20},
    {"answers-into-1-byte", no_room_for_answers, 1},
    {"no-driver-ready", without_driver_ready, 0},
};
FAMILY_OF_ROWS(ports, port_rows)
const struct Family family_ports = {"ports", kConsole, kBoth, kFresh, 0, ROWS(ports, port_rows)};

static void rng_read(struct Target* t, unsigned long bytes) {
  const struct Piece piece = {(uint64_t)arena.buffer, (uint32_t)bytes, kDescriptorWrite, 0};
  put_chain(t, &piece, 1);
  (void)target_react(t);
}

static void rng_readable(struct Target* t, unsigned long bytes) {
  const struct Piece piece = {(uint64_t)arena.guard, (uint32_t)bytes, 0, 0};
  put_chain(t, &piece, 1);
  (void)target_react(t);
}

static void rng_mixed(struct Target* t, unsigned long writable_first) {
  struct Piece pieces[] = {{(uint64_t)arena.guard, 64, kDescriptorNext, 1},
                           {(uint64_t)arena.buffer, 64, kDescriptorWrite, 0}};
  if (writable_first) {
    pieces[0] = (struct Piece){(uint64_t)arena.buffer, 64, kDescriptorNext | kDescriptorWrite, 1};
    pieces[1] = (struct Piece){(uint64_t)arena.guard, 64, 0, 0};
  }
  put_chain(t, pieces, 2);
  (void)target_react(t);
}

static void rng_many(struct Target* t, unsigned long bytes) {
  for (unsigned i = 0; i < 60; ++i) {
    const struct Segment segment = {arena.buffer, (uint32_t)bytes, 1};
    (void)queue_add(t->main, &segment, 1, arena.buffer);
  }
  (void)target_react(t);
}

static const struct Row rng_rows[] = {
    {"readable", rng_readable, 64},
    {"readable-4096", rng_readable, 4096},
    {"readable-then-writable", rng_mixed, 0},
    {"writable-then-readable", rng_mixed, 1},
    {"read-0", rng_read, 0},
    {"read-1", rng_read, 1},
    {"read-64-kib", rng_read, 65536},
    {"60-reads-of-64-kib", rng_many, 65536},
};
FAMILY_OF_ROWS(rng, rng_rows)
const struct Family family_rng = {"rng", kRng, kBoth, kEither, 0, ROWS(rng, rng_rows)};
