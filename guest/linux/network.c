#include "guest/linux/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "guest/linux/console.h"
#include "guest/linux/words.h"
#include "guest/bench/net_frames.h"

enum { kTypeLocal = 0x88b5 };
enum { kLinkPatience = 10000, kAgain = 200, kQuiet = 5, kTries = 10 };  // [ms], and times
static const uint64_t kMillisecond = 1000000;                           // [ns]
static const uint64_t kWarmUp = 100, kMeasured = 500, kDrained = 2000;

struct Wire {
  int fd;
  struct NetDevice card;  // as the frames are made for: its address alone
  uint32_t bytes;
  uint8_t frame[kNetSmallFrame];
  uint32_t sequence;
  uint64_t done;
  uint64_t failed;
  uint64_t elapsed;  // [ns]
  struct Histogram latency;
};

// Up, and its link there. Null, or why not.
static const char* switch_on(struct Wire* wire, const char* card) {
  struct ifreq request = {0};
  strncpy(request.ifr_name, card, IFNAMSIZ - 1);
  if (ioctl(wire->fd, SIOCGIFHWADDR, &request) != 0) {
    return "there_is_no_such_card";
  }
  memcpy(wire->card.mac, request.ifr_hwaddr.sa_data, sizeof wire->card.mac);
  request.ifr_flags = IFF_UP | IFF_NOARP;
  if (ioctl(wire->fd, SIOCSIFFLAGS, &request) != 0) {
    return "the_card_cannot_be_switched_on";
  }
  for (unsigned waited = 0; waited < kLinkPatience; waited += 10) {
    if (ioctl(wire->fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_RUNNING)) {
      return NULL;
    }
    usleep(10000);
  }
  return "the_card_has_no_link";
}

static const char* open_wire(struct Wire* wire, const char* card) {
  wire->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(kTypeLocal));
  if (wire->fd < 0) {
    return "the_kernel_has_no_packet_sockets";
  }
  const char* why = switch_on(wire, card);
  struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                .sll_protocol = htons(kTypeLocal),
                                .sll_ifindex = (int)if_nametoindex(card)};
  const int room = 4 << 20;
  const struct timeval patience = {.tv_usec = kAgain * 1000};
  setsockopt(wire->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  if (!why && bind(wire->fd, (struct sockaddr*)&address, sizeof address) != 0) {
    why = "no_packet_socket_on_the_card";
  }
  return why;
}

static void send_frame(struct Wire* wire, uint32_t bytes) {
  // A queue that is full says so in one of two ways.
  while (send(wire->fd, wire->frame, bytes, 0) < 0 && (errno == ENOBUFS || errno == EAGAIN)) {
    usleep(100);
  }
}

static void control(struct Wire* wire, enum NetKind kind, uint32_t second) {
  net_frame(&wire->card, wire->frame, kNetControlFrame, kind, second);
  send_frame(wire, kNetControlFrame);
}

enum Taken { kNothing, kAnother, kWanted };

// The next frame; kNothing after kAgain milliseconds without one.
static enum Taken take(struct Wire* wire, enum NetKind kind, uint32_t* second) {
  uint8_t frame[kNetSmallFrame];
  const ssize_t got = recv(wire->fd, frame, sizeof frame, MSG_TRUNC);
  if (got < 0) {
    return kNothing;
  }
  return got == (ssize_t)wire->bytes && net_frame_is(frame, wire->bytes, kind, second) ? kWanted
                                                                                       : kAnother;
}

// A request's time is that of its system call, which waits while the card's queue is full.
static const char* transmit(struct Wire* wire, uint64_t for_ns) {
  net_frame(&wire->card, wire->frame, wire->bytes, kNetNobody, 0);
  const uint64_t start = now_ns();
  uint64_t now = start;
  while (now - start < for_ns) {
    send_frame(wire, wire->bytes);
    const uint64_t sent = now_ns();
    histogram_add(&wire->latency, sent - now);
    ++wire->done;
    now = sent;
  }
  int left = 1;
  while (ioctl(wire->fd, SIOCOUTQ, &left) == 0 && left > 0 &&
         now_ns() - now < kDrained * kMillisecond) {
    usleep(100);
  }
  wire->elapsed = now_ns() - start;
  return NULL;
}

static void settle(struct Wire* wire) {
  struct pollfd wait = {.fd = wire->fd, .events = POLLIN};
  uint32_t second;
  for (unsigned tries = 0; tries < kTries; ++tries) {
    control(wire, kNetStop, 0);
    const uint64_t start = now_ns();
    while (poll(&wait, 1, kQuiet) > 0) {
      (void)take(wire, kNetFlooding, &second);
      if (now_ns() - start > kAgain * kMillisecond) {
        break;
      }
    }
    if (poll(&wait, 1, 0) <= 0) {
      return;
    }
  }
}

// From the first frame on: the time of each is that since the one before.
static const char* receive(struct Wire* wire, uint64_t for_ns) {
  uint64_t first = 0;
  uint64_t last = 0;
  uint32_t second;
  control(wire, kNetFlood, wire->bytes);
  for (unsigned tries = 0; tries < kTries && (!first || last - first < for_ns);) {
    const enum Taken taken = take(wire, kNetFlooding, &second);
    if (taken == kNothing) {
      ++tries;
      wire->failed += first != 0;
      control(wire, kNetFlood, wire->bytes);
    }
    if (taken != kWanted) {
      continue;
    }
    const uint64_t now = now_ns();
    if (first) {
      histogram_add(&wire->latency, now - last);
      ++wire->done;
    } else {
      first = now;
    }
    last = now;
    tries = 0;
  }
  wire->elapsed = last - first;
  return wire->done ? NULL : "no_partner_sends";
}

static const char* ping_pong(struct Wire* wire, uint64_t for_ns) {
  net_frame(&wire->card, wire->frame, wire->bytes, kNetPing, 0);
  const uint64_t start = now_ns();
  uint64_t now = start;
  for (unsigned tries = 0; tries < kTries && now - start < for_ns;) {
    const uint64_t began = now_ns();
    uint32_t second = 0;
    net_frame_set_second(wire->frame, wire->bytes, ++wire->sequence);
    send_frame(wire, wire->bytes);
    enum Taken taken;
    do {
      taken = take(wire, kNetPing, &second);
    } while (taken == kAnother || (taken == kWanted && second != wire->sequence));
    now = now_ns();
    if (taken == kWanted) {
      histogram_add(&wire->latency, now - began);
      ++wire->done;
      tries = 0;
    } else {
      ++wire->failed;
      ++tries;
    }
  }
  wire->elapsed = now - start;
  return wire->done ? NULL : "no_partner_answers";
}

static const char* go(struct Wire* wire, enum NetWay way, uint64_t milliseconds) {
  wire->done = wire->failed = 0;
  histogram_clear(&wire->latency);
  switch (way) {
    case kTransmit:
      return transmit(wire, milliseconds * kMillisecond);
    case kReceive:
      return receive(wire, milliseconds * kMillisecond);
    case kPingPong:
      break;
  }
  return ping_pong(wire, milliseconds * kMillisecond);
}

void net_cell(const struct NetCell* cell) {
  static struct Wire wire;
  struct BenchCounts counts = {.kicks = kKicksUntold};
  memset(&wire, 0, sizeof wire);
  wire.bytes = cell->bytes;
  const char* why = open_wire(&wire, cell->card);
  if (!why) {
    why = go(&wire, cell->way, kWarmUp);
    settle(&wire);
  }
  if (!why) {
    counts.interrupts = interrupts_of(cell->interrupts);
    say_ready(cell->name, cell->face);
    why = go(&wire, cell->way, kMeasured);
    if (cell->way == kReceive) {
      control(&wire, kNetStop, 0);
    }
    say_mark();
    counts.interrupts = interrupts_of(cell->interrupts) - counts.interrupts;
    settle(&wire);
  }
  if (wire.fd >= 0) {
    close(wire.fd);
  }
  if (why) {
    say_without("fail", cell->name, why);
    return;
  }
  counts.bytes = wire.done * wire.bytes;
  counts.cycles = wire.elapsed;
  counts.failed = wire.failed;
  say_cell(cell->name, wire.done, &counts, &wire.latency);
}
