#include "guest/bench/net_device.h"
#include "guest/bench/wake.h"
#include "guest/e1000/e1000.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"
#include "guest/virtio/pool.h"

static struct E1000* card;

static int send(struct NetDevice* device, unsigned slot, uint32_t length, uint32_t segment) {
  return e1000_send(card, slot, device->slots[slot], length, segment);
}

static void kick(struct NetDevice* device) {
  e1000_announce(card);
  device->kicks = card->doorbells;
}

static int sent(struct NetDevice* device) {
  (void)device;
  return e1000_sent(card);
}

static const uint8_t* receive(struct NetDevice* device, uint32_t* length) {
  (void)device;
  return e1000_receive(card, length);
}

static void give_back(struct NetDevice* device) {
  e1000_give_back(card);
  device->kicks = card->doorbells;
}

// The masks stay open: a cause that comes while the loop looks brings one interrupt more.
static int arm(struct NetDevice* device, enum NetDirection direction, unsigned count) {
  (void)device;
  (void)count;
  static uint32_t wanted;
  const uint32_t causes = direction == kNetTransmit
                              ? kCauseTransmitted
                              : kCauseReceived | kCauseReceiveLow | kCauseOverrun;
  if (causes != wanted) {
    wanted = causes;
    e1000_want(card, causes);
  }
  return direction == kNetTransmit ? e1000_has_sent(card) : e1000_has_received(card);
}

static void disarm(struct NetDevice* device) {
  (void)device;
}

static void acknowledge(void) {
  (void)e1000_acknowledge(card);
}

static uint64_t interrupts(struct NetDevice* device) {
  (void)device;
  return wake_interrupts();
}

struct NetDevice* net_e1000_open(const char* line, const char** why) {
  card = e1000_open((unsigned)text_number(line, "index", 0), why);
  if (!card) {
    return 0;
  }
  static struct NetDevice net;
  net = (struct NetDevice){.face = "e1000",
                           .segments = 1,
                           .sleeps = text_is(line, "irq", "line") || text_is(line, "irq", "msix"),
                           .send = send,
                           .kick = kick,
                           .sent = sent,
                           .receive = receive,
                           .give_back = give_back,
                           .arm = arm,
                           .disarm = disarm,
                           .interrupts = interrupts};
  memcpy(net.mac, card->mac, 6);
  for (unsigned i = 0; i < kNetSlots; ++i) {
    net.slots[i] = pool_take(i < kNetLargeSlots ? kNetLargeFrame : kNetSmallFrame, 64);
  }
  if (net.sleeps) {
    wake_on_device(acknowledge);
    wake_route_line(pci_read(card->function, kPciInterruptLine, 1));
  }
  return &net;
}
