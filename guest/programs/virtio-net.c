// virtio-net: drives a network card. Each mode checks the card's address, sends and receives.
//   mode=dhcp (default)  DISCOVER, then of the offer's router: ARP and ping= (default 3) echo
//   requests mode=arp, mode=ping  without DHCP: address= and router=, numbers such as 0x0a00020f
//   mode=echo            answers ARP for address=, and sends n= frames (default 10) back whence
//   they came mode=send            n= frames of bytes= (default 1514) to everyone; waits only for
//   the device transport= ring= irq= index= as virtio-blk

#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"
#include "guest/virtio/check.h"
#include "guest/virtio/deadline.h"
#include "guest/virtio/net.h"
#include "guest/virtio/options.h"
#include "guest/virtio/pool.h"
#include "guest/virtio/queue.h"

enum { kBuffers = 32, kBufferSize = 2048, kPatience = 10000 };

static struct VirtQueue receive_queue, transmit_queue;
static enum CompletionMode mode;
static struct Station self, router;
static uint8_t* out;  // header, then the frame

static void post(uint8_t* buffer) {
  const struct Segment segment = {buffer, kBufferSize, 1};
  (void)queue_add(&receive_queue, &segment, 1, buffer);
}

static int send(unsigned length) {
  const struct Segment segments[] = {{out, sizeof(struct NetHeader), 0},
                                     {out + sizeof(struct NetHeader), length, 0}};
  memset(out, 0, sizeof(struct NetHeader));
  (void)queue_add(&transmit_queue, segments, 2, out);
  completion_arm(&transmit_queue, mode);
  queue_kick(&transmit_queue);
  return completion_sleep(&transmit_queue, mode, 1, kPatience) &&
         queue_take(&transmit_queue, 0) == out;
}

static uint8_t* frame_out(void) {
  return out + sizeof(struct NetHeader);
}

// The next frame, and the buffer it is in, which goes back by `post`; null if none comes in time.
static uint8_t* receive(unsigned milliseconds, unsigned* length, uint8_t** frame) {
  completion_arm(&receive_queue, mode);
  if (!completion_sleep(&receive_queue, mode, 1, milliseconds)) {
    return 0;
  }
  uint32_t used = 0;
  uint8_t* buffer = queue_take(&receive_queue, &used);
  if (!buffer || used < sizeof(struct NetHeader) || used > kBufferSize) {
    check_fail("receive", "used length", used);
    return 0;
  }
  *length = used - (unsigned)sizeof(struct NetHeader);
  *frame = buffer + sizeof(struct NetHeader);
  return buffer;
}

static void give_back(uint8_t* buffer) {
  post(buffer);
  queue_kick(&receive_queue);
}

static void print_address(uint32_t address) {
  for (unsigned i = 0; i < 4; ++i) {
    print_number(i ? "." : "", address >> (24 - 8 * i) & 0xff, "");
  }
}

enum Awaited { kOffer, kArpAnswer, kPingAnswer };
static uint32_t transaction = 0x5c1ff001;

static int is_it(enum Awaited what, const uint8_t* frame, unsigned length, unsigned sequence) {
  switch (what) {
    case kOffer:
      return frame_is_dhcp_offer(frame, length, transaction, &self.address, &router.address);
    case kArpAnswer:
      return frame_is_arp_answer(frame, length, router.address, router.mac);
    default:
      return frame_is_ping_answer(frame, length, sequence);
  }
}

static int await(enum Awaited what, unsigned sequence, unsigned milliseconds) {
  const struct Deadline deadline = deadline_in(milliseconds);
  while (!deadline_over(&deadline)) {
    unsigned length = 0;
    uint8_t* frame = 0;
    uint8_t* buffer = receive(milliseconds, &length, &frame);
    if (!buffer) {
      return 0;
    }
    const int found = is_it(what, frame, length, sequence);
    if (!found && frame_is_arp_request(frame, length, self.address) && self.address) {
      struct Station who = {{0}, get32(frame + kEthernet + 14)};
      memcpy(who.mac, frame + 6, 6);
      (void)send(frame_arp_answer(frame_out(), &self, &who));
    }
    give_back(buffer);
    if (found) {
      return 1;
    }
  }
  return 0;
}

static int ask(enum Awaited what, unsigned sequence) {
  for (unsigned tries = 0; tries < 5; ++tries) {
    uint8_t* frame = frame_out();
    const unsigned length = what == kOffer       ? frame_dhcp_discover(frame, &self, transaction)
                            : what == kArpAnswer ? frame_arp_request(frame, &self, router.address)
                                                 : frame_ping(frame, &self, &router, sequence);
    if (!check("send", send(length))) {
      return 0;
    }
    if (await(what, sequence, 2000)) {
      return 1;
    }
  }
  return 0;
}

static void converse(const char* line) {
  if (!text_is(line, "mode", "arp") && !text_is(line, "mode", "ping")) {
    if (!check("dhcp offer", ask(kOffer, 0))) {
      return;
    }
    check_line();
    print("address ");
    print_address(self.address);
    print(" router ");
    print_address(router.address);
    print("\n");
  }
  if (!router.address || !check("arp", ask(kArpAnswer, 0)) || text_is(line, "mode", "arp")) {
    return;
  }
  for (unsigned i = 1; i <= text_number(line, "ping", 3); ++i) {
    if (!check("ping", ask(kPingAnswer, i))) {
      return;
    }
  }
}

static void echo(unsigned long count) {
  check_line();
  print("echoing\n");
  while (count) {
    unsigned length = 0;
    uint8_t* frame = 0;
    uint8_t* buffer = receive(60000, &length, &frame);
    if (!buffer || length > kFrameMaximum || length < kEthernet) {
      check_fail("echo", "frames missing:", count);
      return;
    }
    if (self.address && frame_is_arp_request(frame, length, self.address)) {
      struct Station who = {{0}, get32(frame + kEthernet + 14)};
      memcpy(who.mac, frame + 6, 6);
      (void)send(frame_arp_answer(frame_out(), &self, &who));
    } else {
      memcpy(frame_out(), frame + 6, 6);
      memcpy(frame_out() + 6, self.mac, 6);
      memcpy(frame_out() + 12, frame + 12, length - 12);
      (void)send(length);
      --count;
    }
    give_back(buffer);
  }
  check("echo", 1);
}

static void send_many(unsigned long count, unsigned bytes) {
  uint8_t* frame = frame_out();
  memset(frame, 0xff, 6);
  memcpy(frame + 6, self.mac, 6);
  put16(frame + 12, 0x88b5);  // IEEE 802: for local experiments
  for (unsigned long i = 0; i < count; ++i) {
    if (!send(bytes)) {
      check_fail("send", "no answer for frame", i);
      return;
    }
  }
  check("send", 1);
}

static int open_device(const char* line, struct VirtioDevice** out_device) {
  struct VirtioDevice* device =
      options_open(line, kVirtioNet, feature(kNetMac) | feature(kNetStatus), 2, &mode);
  *out_device = device;
  if (!device || !check("queues", queue_create(&receive_queue, device, 0, kBuffers) &&
                                      queue_create(&transmit_queue, device, 1, 32))) {
    return 0;
  }
  check_line();
  print("mac");
  for (unsigned i = 0; i < 6; ++i) {
    self.mac[i] = (uint8_t)virtio_config(device, i, 1);
    print(i ? ":" : " ");
    print_hex(self.mac[i], 2);
  }
  if (device->features & feature(kNetStatus)) {
    print(virtio_config(device, 6, 2) & 1 ? " link up" : " link down");
  }
  print("\n");
  check("address of a single card", !(self.mac[0] & 1) && (self.mac[0] | self.mac[5]));
  return 1;
}

int program_main(const char* line) {
  check_begin("virtio-net");
  struct VirtioDevice* device;
  if (!open_device(line, &device)) {
    return check_status();
  }
  self.address = (uint32_t)text_number(line, "address", 0);
  router.address = (uint32_t)text_number(line, "router", 0);
  out = pool_take(4096, 4096);
  for (unsigned i = 0; i < receive_queue.size; ++i) {
    post(pool_take(kBufferSize, 16));
  }
  virtio_driver_ok(device);
  queue_kick(&receive_queue);
  unsigned bytes = (unsigned)text_number(line, "bytes", kFrameMaximum);
  bytes = bytes < 14 ? 14 : bytes > kFrameMaximum ? kFrameMaximum : bytes;
  if (text_is(line, "mode", "echo")) {
    echo(text_number(line, "n", 10));
  } else if (text_is(line, "mode", "send")) {
    send_many(text_number(line, "n", 10), bytes);
  } else {
    converse(line);
  }
  if (mode != kPoll) {
    check("interrupts came", completion_interrupts(1) != 0);
  }
  check("not broken", !(virtio_status(device) & kStatusNeedsReset));
  check("reset", virtio_reset(device));
  return check_status();
}
