#include "guest/bench/net_device.h"
#include "guest/bench/virtio_open.h"
#include "guest/virtio/net.h"
#include "guest/virtio/pool.h"
#include "guest/virtio/queue.h"

enum {  // 5.1.3, beside those of net.h
  kGuestChecksum = 1,
  kGuestTso4 = 7,
};
enum { kNeedsChecksum = 1, kGsoTcp4 = 1 };  // 5.1.6
enum { kHeader = sizeof(struct NetHeader), kReceiveBuffers = 256, kReceiveSize = 2048 };
enum { kIpHeader = 20, kTcpHeader = 20, kTcpChecksum = 16 };

static struct VirtQueue receive_queue, transmit_queue;
static uint8_t* given[kReceiveBuffers];  // taken, not yet given back
static unsigned given_count;
static uint8_t* slot_buffers[kNetSlots];

static void post(uint8_t* buffer) {
  const struct Segment segment = {buffer, kReceiveSize, 1};
  (void)queue_add(&receive_queue, &segment, 1, buffer);
}

static int send(struct NetDevice* device, unsigned slot, uint32_t length, uint32_t segment) {
  (void)device;
  volatile struct NetHeader* header = (volatile struct NetHeader*)slot_buffers[slot];
  header->flags = segment ? kNeedsChecksum : 0;
  header->gso_type = segment ? kGsoTcp4 : 0;
  header->header_length = segment ? kEthernet + kIpHeader + kTcpHeader : 0;
  header->gso_size = (uint16_t)segment;
  header->checksum_start = segment ? kEthernet + kIpHeader : 0;
  header->checksum_offset = segment ? kTcpChecksum : 0;
  header->buffers = 0;
  const struct Segment whole = {slot_buffers[slot], kHeader + length, 0};
  return queue_add(&transmit_queue, &whole, 1, slot_buffers + slot);
}

static void kick(struct NetDevice* device) {
  queue_kick(&transmit_queue);
  device->kicks = transmit_queue.notifications + receive_queue.notifications;
}

static int sent(struct NetDevice* device) {
  (void)device;
  uint8_t** slot = queue_take(&transmit_queue, 0);
  return slot ? (int)(slot - slot_buffers) : -1;
}

static uint8_t* take(uint32_t* length) {
  uint8_t* buffer = given_count < kReceiveBuffers ? queue_take(&receive_queue, length) : 0;
  if (buffer) {
    given[given_count++] = buffer;
  }
  return buffer;
}

static const uint8_t* receive(struct NetDevice* device, uint32_t* length) {
  (void)device;
  uint8_t* first = take(length);
  if (!first) {
    return 0;
  }
  // 5.1.6.4: with mergeable buffers their number is in the first one; all are used at once.
  unsigned more = transmit_queue.device->features & feature(kNetMergeable)
                      ? ((volatile struct NetHeader*)first)->buffers
                      : 1;
  for (; more > 1; --more) {
    uint32_t part = 0;
    if (!take(&part)) {
      break;
    }
    *length += part;
  }
  *length -= kHeader;
  return first + kHeader;
}

static void give_back(struct NetDevice* device) {
  for (unsigned i = 0; i < given_count; ++i) {
    post(given[i]);
  }
  if (given_count) {
    given_count = 0;
    queue_kick(&receive_queue);
    device->kicks = transmit_queue.notifications + receive_queue.notifications;
  }
}

static int arm(struct NetDevice* device, enum NetDirection direction, unsigned count) {
  (void)device;
  struct VirtQueue* queue = direction == kNetTransmit ? &transmit_queue : &receive_queue;
  return queue_want_interrupt(queue, queue->event_index && !queue->packed ? count : 1);
}

static void disarm(struct NetDevice* device) {
  (void)device;
  queue_want_no_interrupt(&transmit_queue);
  queue_want_no_interrupt(&receive_queue);
}

static uint64_t interrupts(struct NetDevice* device) {
  (void)device;
  return virtio_open_interrupts(transmit_queue.device);
}

static void make_slots(struct NetDevice* net) {
  for (unsigned i = 0; i < kNetSlots; ++i) {
    const unsigned long room = i < kNetLargeSlots ? kNetLargeFrame : kNetSmallFrame;
    slot_buffers[i] = pool_take(kHeader + room, 64);
    net->slots[i] = slot_buffers[i] + kHeader;
  }
}

static struct NetDevice* open_on(const char* line, int pci, const char** why) {
  enum CompletionMode mode;
  const uint64_t wanted = feature(kNetMac) | feature(kNetChecksum) | feature(kNetHostTso4) |
                          feature(kGuestChecksum) | feature(kGuestTso4) | feature(kNetMergeable);
  struct VirtioDevice* device = virtio_open(line, kVirtioNet, pci, wanted, 2, &mode, why);
  if (!device) {
    return 0;
  }
  // 5.1.6.3.1: without mergeable buffers each would have to be as large as the largest frame.
  if (!(device->features & feature(kNetMergeable)) && device->features & feature(kGuestTso4)) {
    device = virtio_open(line, kVirtioNet, pci, wanted & ~feature(kGuestTso4), 2, &mode, why);
  }
  if (!device || !queue_create(&receive_queue, device, 0, kReceiveBuffers) ||
      !queue_create(&transmit_queue, device, 1, kReceiveBuffers)) {
    *why = "no_queues";
    return 0;
  }
  static struct NetDevice net;
  net = (struct NetDevice){.face = pci ? "virtio-pci" : "virtio-mmio",
                           .segments = (device->features & feature(kNetHostTso4)) != 0,
                           .checksum_has_length = 1,
                           .receives_large = (device->features & feature(kGuestTso4)) != 0,
                           .sleeps = mode != kPoll,
                           .send = send,
                           .kick = kick,
                           .sent = sent,
                           .receive = receive,
                           .give_back = give_back,
                           .arm = arm,
                           .disarm = disarm,
                           .interrupts = interrupts};
  for (unsigned i = 0; i < 6; ++i) {
    net.mac[i] = (uint8_t)virtio_config(device, i, 1);
  }
  make_slots(&net);
  for (unsigned i = 0; i < receive_queue.size; ++i) {
    post(pool_take(kReceiveSize, 64));
  }
  virtio_driver_ok(device);
  queue_kick(&receive_queue);
  return &net;
}

struct NetDevice* net_virtio_pci_open(const char* line, const char** why) {
  return open_on(line, 1, why);
}

struct NetDevice* net_virtio_mmio_open(const char* line, const char** why) {
  return open_on(line, 0, why);
}
