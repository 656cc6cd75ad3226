#include "guest/bench/net_traffic.h"

#include "arch/processor.h"
#include "guest/bench/bench.h"
#include "guest/bench/hot_loop.h"
#include "guest/machine/unprivileged.h"
#include "guest/virtio/deadline.h"

enum { kQuiet = 5, kNoisy = 200, kTries = 10 };  // [ms], and times

static unsigned add(struct Traffic* t) {
  unsigned added = 0;
  while (t->free_count && t->begun < t->total) {
    const unsigned slot = t->free_slots[t->free_count - 1];
    t->started[slot] = read_cycles();
    if (!t->device->send(t->device, slot, t->bytes, t->segment)) {
      break;
    }
    --t->free_count;
    ++t->begun;
    ++added;
  }
  return added;
}

static unsigned reclaim(struct Traffic* t) {
  unsigned taken = 0;
  for (int slot; (slot = t->device->sent(t->device)) >= 0;) {
    if (slot == kControlSlot) {
      continue;
    }
    ++taken;
    histogram_add(&bench_histogram, read_cycles() - t->started[slot]);
    t->free_slots[t->free_count++] = (uint8_t)slot;
  }
  t->done += taken;
  return taken;
}

static int late(const struct Traffic* t) {
  return read_cycles() - t->since > t->patience;
}

static unsigned long transmit_and_sleep(struct Traffic* t) {
  struct NetDevice* device = t->device;
  device->disarm(device);
  for (;;) {
    (void)reclaim(t);
    if (t->done == t->total) {
      return kDone;
    }
    (void)add(t);
    const unsigned out = t->window - t->free_count;
    const int there = device->arm(device, kNetTransmit, out > 1 ? out / 2 : 1);
    device->kick(device);
    if (!there) {
      return kSleep;
    }
  }
}

unsigned long traffic_transmit(unsigned long argument) {
  struct Traffic* t = (struct Traffic*)argument;
  if (t->device->sleeps) {
    return transmit_and_sleep(t);
  }
  while (t->done < t->total) {
    if (add(t)) {
      t->device->kick(t->device);
    }
    if (reclaim(t)) {
      t->since = read_cycles();
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
    const uint64_t now = read_cycles();
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

unsigned long traffic_receive(unsigned long argument) {
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
  t->started[0] = read_cycles();
  (void)t->device->send(t->device, 0, t->bytes, t->segment);
  t->device->kick(t->device);
  t->waiting = 1;
}

// True if it was the answer.
static int take_pong(struct Traffic* t) {
  uint32_t length;
  uint32_t second = 0;
  int found = 0;
  for (const uint8_t* frame; (frame = t->device->receive(t->device, &length));) {
    if (length == t->bytes && net_frame_is(frame, length, kNetPing, &second) &&
        second == t->sequence && t->waiting) {
      t->since = read_cycles();
      histogram_add(&bench_histogram, t->since - t->started[0]);
      t->waiting = 0;
      ++t->done;
      found = 1;
    }
  }
  t->device->give_back(t->device);
  while (t->device->sent(t->device) >= 0) {
  }
  return found;
}

unsigned long traffic_pingpong(unsigned long argument) {
  struct Traffic* t = (struct Traffic*)argument;
  struct NetDevice* device = t->device;
  if (device->sleeps) {
    device->disarm(device);
    do {
      (void)take_pong(t);
    } while (device->arm(device, kNetReceive, 1));
    if (!t->waiting && t->done == t->total) {
      return kDone;
    }
    if (!t->waiting) {
      send_ping(t);
    }
    return kSleep;
  }
  while (t->done < t->total || t->waiting) {
    if (!t->waiting) {
      send_ping(t);
    }
    if (!take_pong(t) && late(t)) {
      return kTimeOut;
    }
  }
  return kDone;
}

static uint64_t progress(unsigned long argument) {
  const struct Traffic* t = (const struct Traffic*)argument;
  return t->done + t->begun;
}

int traffic_run(struct Traffic* t, TrafficLoop* loop, unsigned milliseconds) {
  t->patience = milliseconds * cycles_per_millisecond();
  t->since = read_cycles();
  return hot_loop_run(loop, (unsigned long)t, t->device->sleeps ? milliseconds : 0, progress);
}

// Beside what is measured, and always by looking.
static unsigned long settle_body(unsigned long argument) {
  struct Traffic* t = (struct Traffic*)argument;
  struct NetDevice* device = t->device;
  uint32_t length;
  const uint64_t quiet = kQuiet * cycles_per_millisecond();
  const uint64_t start = read_cycles();
  for (uint64_t since = start; read_cycles() - since < quiet;) {
    while (device->sent(device) >= 0) {
    }
    if (device->receive(device, &length)) {
      device->give_back(device);
      since = read_cycles();
    }
    if (read_cycles() - start > kNoisy * cycles_per_millisecond()) {
      return 0;
    }
  }
  return 1;
}

void traffic_control(struct Traffic* t, enum NetKind kind, uint32_t second) {
  struct NetDevice* device = t->device;
  net_frame(device, device->slots[kControlSlot], kNetControlFrame, kind, second);
  (void)device->send(device, kControlSlot, kNetControlFrame, 0);
  device->kick(device);
}

int traffic_settle(struct Traffic* t) {
  for (unsigned tries = 0; tries < kTries; ++tries) {
    if (unprivileged_call(settle_body, (unsigned long)t)) {
      return 1;
    }
    traffic_control(t, kNetStop, 0);
  }
  return 0;
}

void traffic_begin(struct Traffic* t, uint64_t requests) {
  t->total = requests;
  t->begun = t->done = t->lost = 0;
  t->waiting = 0;
  t->free_count = t->window;
  for (unsigned i = 0; i < t->window; ++i) {
    t->free_slots[i] = (uint8_t)i;
  }
}
