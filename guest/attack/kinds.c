#include "guest/attack/kinds.h"

#include "guest/machine/program.h"
#include "guest/virtio/pool.h"

enum { kPatience = 10000 };

int blk_clean_request(struct Target* t) {
  static uint64_t seed = 1;
  uint8_t* data = arena.buffer;
  const uint64_t capacity = virtio_config(t->device, kBlkConfigCapacity, 8);
  if (capacity < 16) {
    return 0;
  }
  const int writable = !(virtio_device_features(t->device) & feature(kBlkReadOnly));
  seed += 1 << 20;
  if (writable) {
    pattern_fill(data, 1024, seed);
    if (blk_request(t->main, kBlkOut, 8, data, 1024) != kBlkOk) {
      return 0;
    }
  }
  clear_fast(data, 1024);
  return blk_request(t->main, kBlkIn, 8, data, 1024) == kBlkOk &&
         (!writable || pattern_is(data, 1024, seed));
}

unsigned net_write_frame(uint8_t* frame) {
  static const struct Station kSelf = {{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}, 0x0a00020f};
  return frame_arp_request(frame, &kSelf, 0x0a000202);
}

static int control(struct Target* t, uint8_t class, uint8_t command, uint8_t value) {
  static struct {
    uint8_t head[2];
    uint8_t value;
    uint8_t pad;
    volatile uint8_t ack;
  } message;
  message.head[0] = class;
  message.head[1] = command;
  message.value = value;
  message.ack = 0xaa;
  const struct Segment segments[] = {
      {message.head, 2, 0}, {&message.value, 1, 0}, {&message.ack, 1, 1}};
  return queue_request(t->queues + 2, segments, 3, 0, kPatience) && message.ack == 0;
}

int net_clean_request(struct Target* t) {
  struct NetHeader* header = (struct NetHeader*)arena.buffer;
  memset(header, 0, sizeof *header);
  const unsigned length = net_write_frame(arena.buffer + 64);
  const struct Segment segments[] = {{header, sizeof *header, 0}, {arena.buffer + 64, length, 0}};
  if (!queue_request(t->main, segments, 2, 0, kPatience)) {
    return 0;
  }
  if (t->device->features & feature(kNetControlReceive)) {
    return control(t, 0, 0, 1) && control(t, 0, 0, 0);  // 5.1.6.5.1: VIRTIO_NET_CTRL_RX_PROMISC
  }
  return 1;
}

int console_clean_request(struct Target* t) {
  arena.buffer[0] = '.';
  const struct Segment segment = {arena.buffer, 1, 0};
  return queue_request(t->main, &segment, 1, 0, kPatience);
}

int rng_clean_request(struct Target* t) {
  uint64_t* data = (uint64_t*)arena.buffer;
  data[0] = 0;
  data[1] = 0;
  const struct Segment segment = {data, 32, 1};
  uint32_t length = 0;
  return queue_request(t->main, &segment, 1, &length, kPatience) && length > 0 && length <= 32 &&
         (length < 16 || (data[0] | data[1]) != 0);
}
