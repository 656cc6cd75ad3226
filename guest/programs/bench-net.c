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
// offloads take no frame of 65536). The loops run unprivileged.

#include "arch/processor.h"
#include "guest/bench/bench.h"
#include "guest/bench/net_traffic.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"
#include "guest/machine/unprivileged.h"

enum { kPatience = 5000, kAgain = 200, kTries = 10 };  // [ms], and times
// At least so many are received: several times what waits in a ring of 256 when the first is seen,
// and would be taken at once.
enum { kFlood = 2048 };

struct Before {
  uint64_t interrupts, kicks, start;
};

static struct Before before(const struct Traffic* t) {
  struct NetDevice* device = t->device;
  const uint64_t interrupts = device->interrupts(device);
  return (struct Before){interrupts, device->kicks, read_cycles()};
}

static void after(const struct Traffic* t, const struct Before* then, struct BenchCounts* counts) {
  struct NetDevice* device = t->device;
  counts->cycles = read_cycles() - then->start;
  counts->bytes = t->done * t->bytes;
  counts->kicks = device->kicks - then->kicks;
  counts->interrupts = device->interrupts(device) - then->interrupts;
  counts->failed = t->lost;
}

static const char* settle(void* context, uint64_t requests, int warm_up) {
  (void)requests;
  (void)warm_up;
  return traffic_settle(context) ? 0 : "the_partner_does_not_stop";
}

static const char* transmit_cell(void* context, uint64_t requests, struct BenchCounts* counts) {
  struct Traffic* t = context;
  traffic_begin(t, requests);
  const struct Before then = before(t);
  const int done = traffic_run(t, traffic_transmit, kPatience);
  after(t, &then, counts);
  return done ? 0 : "timed_out";
}

static const char* receive_cell(void* context, uint64_t requests, struct BenchCounts* counts) {
  struct Traffic* t = context;
  int done = 0;
  traffic_begin(t, requests);
  const struct Before then = before(t);
  for (unsigned tries = 0; tries < kTries && !done; ++tries) {
    traffic_control(t, kNetFlood, t->bytes);
    done = traffic_run(t, traffic_receive, kAgain);
    t->lost += !done;
  }
  after(t, &then, counts);
  counts->cycles = t->since - t->first;
  traffic_control(t, kNetStop, 0);
  return done ? 0 : t->done ? "the_partner_stopped" : "no_partner_sends";
}

static const char* pingpong_cell(void* context, uint64_t requests, struct BenchCounts* counts) {
  struct Traffic* t = context;
  int done = 0;
  traffic_begin(t, requests);
  const struct Before then = before(t);
  for (unsigned tries = 0; tries < kTries && !done;) {
    const uint64_t so_far = t->done;
    t->waiting = 0;
    done = traffic_run(t, traffic_pingpong, kAgain);
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
    unprivileged_call(fill_body, (unsigned long)&traffic);
  }
  const struct BenchCell what = {.name = row->name,
                                 .face = device->face,
                                 .body = row->body,
                                 .context = &traffic,
                                 .minimum = row->body == receive_cell ? kFlood : 0,
                                 .prepare = settle};
  bench_run(&what);
}

static int allows(const char* face) {
  return !text_value(bench_line(), "face") || text_is(bench_line(), "face", face);
}

static struct NetDevice* open_device(const char** why) {
  const char* line = bench_line();
  struct NetDevice* device = 0;
  for (const struct NetFace* face = net_faces; face->face && !device && !*why; ++face) {
    if (allows(face->face)) {
      device = face->open(line, why);
    }
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
