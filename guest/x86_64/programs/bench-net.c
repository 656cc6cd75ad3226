// bench-net: what a frame costs, whatever the card's face; a program of `skiff bench`
// (docs/guest.md, "Bench programs"; "The partner of bench-net" for who is at the cable's other
// end). Cells:
//   transmit-BYTES  up to 64 frames with the card at once; nobody needs to be there
//   receive-BYTES   the partner sends as fast as it can; a request's cycles are those since the
//                   frame before
//   pingpong-BYTES  one frame there and back
//   face=virtio-pci|virtio-mmio|e1000 (default: the first there is)  irq=poll|msix|line
//   virtio: ring= index= no-indirect no-event-idx
// 65536 stands for a TCP frame that the card cuts up: 44 full segments, 64294 bytes (Linux's
// offloads take no frame of 65536). The loops run at CPL 3.

#include "guest/lib/text.h"
#include "guest/x86_64/bench/bench.h"
#include "guest/x86_64/bench/net_device.h"
#include "guest/x86_64/bench/net_frames.h"
#include "guest/x86_64/bench/wake.h"
#include "guest/x86_64/runtime/port_io.h"
#include "guest/x86_64/runtime/program.h"
#include "guest/x86_64/runtime/ring3.h"
#include "guest/x86_64/virtio/deadline.h"

enum { kPatience = 5000, kAgain = 200, kQuiet = 5, kTries = 10, kControlSlot = kNetSlots - 1 };

enum Pause { kDone, kSleep, kTimeOut };

struct Traffic {
  struct NetDevice* device;
  uint32_t bytes, segment;
  uint64_t total, begun, done, lost;
  uint64_t since;     // cycles: when something last happened
  uint64_t first;     // when the first frame was there
  uint64_t patience;  // cycles
  unsigned window, free_count;
  uint8_t free_slots[kNetSlots];
  uint64_t started[kNetSlots];
  int waiting;  // a ping is out
  uint32_t sequence;
};

static void submit(struct Traffic* t) {
  unsigned added = 0;
  while (t->free_count && t->begun < t->total) {
    const unsigned slot = t->free_slots[t->free_count - 1];
    t->started[slot] = read_tsc();
    if (!t->device->send(t->device, slot, t->bytes, t->segment)) {
      break;
    }
    --t->free_count;
    ++t->begun;
    ++added;
  }
  if (added) {
    t->device->kick(t->device);
  }
}

static unsigned reclaim(struct Traffic* t) {
  unsigned taken = 0;
  for (int slot; (slot = t->device->sent(t->device)) >= 0;) {
    if (slot == kControlSlot) {
      continue;
    }
    ++taken;
    histogram_add(&bench_histogram, read_tsc() - t->started[slot]);
    t->free_slots[t->free_count++] = (uint8_t)slot;
  }
  t->done += taken;
  return taken;
}

static int late(const struct Traffic* t) {
  return read_tsc() - t->since > t->patience;
}

static unsigned long transmit(unsigned long argument) {
  struct Traffic* t = (struct Traffic*)argument;
  struct NetDevice* device = t->device;
  if (device->sleeps) {
    device->disarm(device);
  }
  submit(t);
  while (t->done < t->total) {
    if (reclaim(t)) {
      submit(t);
      t->since = read_tsc();
    } else if (device->sleeps) {
      const unsigned out = t->window - t->free_count;
      if (!device->arm(device, kNetTransmit, out > 1 ? out / 2 : 1)) {
        return kSleep;
      }
    } else if (late(t)) {
      return kTimeOut;
    }
  }
  return kDone;
}

// Takes what came of this kind and size; the rest is dropped.
static unsigned take(struct Traffic* t, enum NetKind kind, uint32_t sequence) {
  unsigned taken = 0;
  uint32_t length;
  for (const uint8_t* frame;
       t->done < t->total && (frame = t->device->receive(t->device, &length));) {
    uint32_t second = 0;
    if (length != t->bytes || !net_frame_is(frame, length, kind, &second) ||
        (kind == kNetPing && second != sequence)) {
      continue;
    }
    const uint64_t now = read_tsc();
    if (!t->begun++) {
      t->first = now;
    } else {
      histogram_add(&bench_histogram, now - t->since);
      ++t->done;
    }
    t->since = now;
    ++taken;
  }
  t->device->give_back(t->device);
  return taken;
}

static unsigned long receive(unsigned long argument) {
  struct Traffic* t = (struct Traffic*)argument;
  struct NetDevice* device = t->device;
  if (device->sleeps) {
    device->disarm(device);
  }
  while (t->done < t->total) {
    if (take(t, kNetFlooding, 0)) {
      continue;
    }
    if (device->sleeps) {
      if (!device->arm(device, kNetReceive, 1)) {
        return kSleep;
      }
    } else if (late(t)) {
      return kTimeOut;
    }
  }
  return kDone;
}

static void send_ping(struct Traffic* t) {
  net_frame_set_second(t->device->slots[0], t->bytes, ++t->sequence);
  t->started[0] = read_tsc();
  (void)t->device->send(t->device, 0, t->bytes, t->segment);
  t->device->kick(t->device);
  t->waiting = 1;
}

static unsigned long pingpong(unsigned long argument) {
  struct Traffic* t = (struct Traffic*)argument;
  struct NetDevice* device = t->device;
  if (device->sleeps) {
    device->disarm(device);
  }
  for (;;) {
    while (device->sent(device) >= 0) {
    }
    if (!t->waiting) {
      if (t->done == t->total) {
        return kDone;
      }
      send_ping(t);
    }
    uint32_t length;
    const uint8_t* frame = device->receive(device, &length);
    uint32_t second = 0;
    if (frame) {
      if (length == t->bytes && net_frame_is(frame, length, kNetPing, &second) &&
          second == t->sequence) {
        t->since = read_tsc();
        histogram_add(&bench_histogram, t->since - t->started[0]);
        t->waiting = 0;
        ++t->done;
      }
      device->give_back(device);
    } else if (device->sleeps) {
      if (!device->arm(device, kNetReceive, 1)) {
        return kSleep;
      }
    } else if (late(t)) {
      return kTimeOut;
    }
  }
}

// Runs one of the loops to its end: 0 if nothing happened for `milliseconds`.
static int run(struct Traffic* t, unsigned long (*loop)(unsigned long), unsigned milliseconds) {
  t->patience = milliseconds * tsc_per_millisecond();
  t->since = read_tsc();
  uint64_t seen = t->done + t->begun;
  wake_guard(t->device->sleeps ? milliseconds : 0);
  for (;;) {
    const unsigned long pause = ring3_call(loop, (unsigned long)t);
    if (pause != kSleep) {
      wake_guard(0);
      return pause == kDone;
    }
    wake_sleep();
    if (wake_expired()) {
      if (t->done + t->begun == seen) {
        return 0;
      }
      seen = t->done + t->begun;
      wake_guard(milliseconds);
    }
  }
}

// Beside what is measured, and always by looking.
static unsigned long settle_body(unsigned long argument) {
  struct Traffic* t = (struct Traffic*)argument;
  struct NetDevice* device = t->device;
  uint32_t length;
  const uint64_t quiet = kQuiet * tsc_per_millisecond();
  const uint64_t start = read_tsc();
  for (uint64_t since = start; read_tsc() - since < quiet;) {
    while (device->sent(device) >= 0) {
    }
    if (device->receive(device, &length)) {
      device->give_back(device);
      since = read_tsc();
    }
    if (read_tsc() - start > kAgain * tsc_per_millisecond()) {
      return 0;
    }
  }
  return 1;
}

static void control(struct Traffic* t, enum NetKind kind, uint32_t second) {
  struct NetDevice* device = t->device;
  net_frame(device, device->slots[kControlSlot], kNetControlFrame, kind, second);
  (void)device->send(device, kControlSlot, kNetControlFrame, 0);
  device->kick(device);
}

// Nothing comes any more, and nothing is with the card. 0: somebody does not stop sending.
static int settle(struct Traffic* t) {
  for (unsigned tries = 0; tries < kTries; ++tries) {
    if (ring3_call(settle_body, (unsigned long)t)) {
      return 1;
    }
    control(t, kNetStop, 0);
  }
  return 0;
}

static void begin(struct Traffic* t, uint64_t requests) {
  t->total = requests;
  t->begun = t->done = t->lost = 0;
  t->waiting = 0;
  t->free_count = t->window;
  for (unsigned i = 0; i < t->window; ++i) {
    t->free_slots[i] = (uint8_t)i;
  }
}

struct Before {
  uint64_t interrupts, kicks, start;
};

static struct Before before(const struct Traffic* t) {
  struct NetDevice* device = t->device;
  const uint64_t interrupts = device->interrupts(device);
  return (struct Before){interrupts, device->kicks, read_tsc()};
}

static void after(const struct Traffic* t, const struct Before* then, struct BenchCounts* counts) {
  struct NetDevice* device = t->device;
  counts->cycles = read_tsc() - then->start;
  counts->bytes = t->done * t->bytes;
  counts->kicks = device->kicks - then->kicks;
  counts->interrupts = device->interrupts(device) - then->interrupts;
  counts->failed = t->lost;
}

static const char* transmit_cell(void* context, uint64_t requests, struct BenchCounts* counts) {
  struct Traffic* t = context;
  if (!settle(t)) {
    return "the_partner_does_not_stop";
  }
  begin(t, requests);
  const struct Before then = before(t);
  const int done = run(t, transmit, kPatience);
  after(t, &then, counts);
  return done ? 0 : "timed_out";
}

static const char* receive_cell(void* context, uint64_t requests, struct BenchCounts* counts) {
  struct Traffic* t = context;
  if (!settle(t)) {
    return "the_partner_does_not_stop";
  }
  int done = 0;
  begin(t, requests);
  const struct Before then = before(t);
  for (unsigned tries = 0; tries < kTries && !done; ++tries) {
    control(t, kNetFlood, t->bytes);
    done = run(t, receive, kAgain);
    t->lost += !done;
  }
  after(t, &then, counts);
  counts->cycles = t->since - t->first;
  control(t, kNetStop, 0);
  return done ? 0 : t->done ? "the_partner_stopped" : "no_partner_sends";
}

static const char* pingpong_cell(void* context, uint64_t requests, struct BenchCounts* counts) {
  struct Traffic* t = context;
  if (!settle(t)) {
    return "the_partner_does_not_stop";
  }
  int done = 0;
  begin(t, requests);
  const struct Before then = before(t);
  for (unsigned tries = 0; tries < kTries && !done;) {
    const uint64_t so_far = t->done;
    t->waiting = 0;
    done = run(t, pingpong, kAgain);
    t->lost += !done;
    tries = t->done == so_far ? tries + 1 : 0;
  }
  after(t, &then, counts);
  return done ? 0 : "no_partner_answers";
}

static unsigned long fill_body(unsigned long argument) {
  struct Traffic* t = (struct Traffic*)argument;
  const enum NetKind kind = t->waiting ? kNetPing : kNetNobody;
  for (unsigned i = 0; i < t->window; ++i) {
    net_frame(t->device, t->device->slots[i], t->bytes, kind, 0);
  }
  return 0;
}

static const char* obstacle(const struct NetDevice* device, uint32_t bytes, int sends,
                            int receives) {
  if (bytes <= kNetSmallFrame) {
    return 0;
  }
  if (sends && !device->segments) {
    return "no_segmentation_offload";
  }
  return receives && !device->receives_large ? "no_large_receive" : 0;
}

struct Row {
  const char* name;
  BenchBody* body;
  uint32_t bytes;
};
#define ROWS(name, bytes)                                                             \
  {"transmit-" name, transmit_cell, bytes}, {"receive-" name, receive_cell, bytes}, { \
    "pingpong-" name, pingpong_cell, bytes                                            \
  }
static const struct Row kRows[] = {ROWS("64", 64), ROWS("1500", 1500),
                                   ROWS("65536", kNetLargeFrame)};

static void cell(const struct Row* row, struct NetDevice* device) {
  static struct Traffic traffic;
  const int sends = row->body != receive_cell;
  const int receives = row->body != transmit_cell;
  const char* why = obstacle(device, row->bytes, sends, receives);
  if (why) {
    bench_skip(row->name, why);
    return;
  }
  const int large = row->bytes > kNetSmallFrame;
  traffic = (struct Traffic){.device = device,
                             .bytes = row->bytes,
                             .segment = large ? kNetSegment : 0,
                             .window = large ? kNetLargeSlots : kControlSlot,
                             .waiting = row->body == pingpong_cell};
  if (sends) {
    ring3_call(fill_body, (unsigned long)&traffic);
  }
  const struct BenchCell what = {
      .name = row->name, .face = device->face, .body = row->body, .context = &traffic};
  bench_run(&what);
}

static int allows(const char* face) {
  return !text_value(bench_line(), "face") || text_is(bench_line(), "face", face);
}

static struct NetDevice* open_device(const char** why) {
  const char* line = bench_line();
  struct NetDevice* device = 0;
  for (int pci = 1; pci >= 0 && !device && !*why; --pci) {
    if (allows(pci ? "virtio-pci" : "virtio-mmio")) {
      device = net_virtio_open(line, pci, why);
    }
  }
  if (!device && !*why && allows("e1000")) {
    device = net_e1000_open(line, why);
  }
  return device;
}

int program_main(const char* command_line) {
  bench_begin("bench-net", command_line);
  const char* why = 0;
  struct NetDevice* device = open_device(&why);
  for (unsigned i = 0; i < sizeof kRows / sizeof *kRows; ++i) {
    const struct Row* row = kRows + i;
    if (!bench_wanted(row->name)) {
      continue;
    }
    if (device) {
      cell(row, device);
    } else {
      bench_skip(row->name, why ? why : "no_such_device");
    }
  }
  return bench_end();
}
