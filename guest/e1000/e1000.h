// A driver for the Intel 82540EM.
// Source: Intel 317453, as e1000_registers.h says.
#pragma once

#include <stdint.h>

#include "guest/e1000/e1000_registers.h"
#include "guest/virtio/pci.h"

enum { kE1000Ring = 256, kE1000Buffer = 2048 };

struct E1000 {
  PciFunction function;
  uint64_t registers;
  uint8_t mac[6];

  volatile struct ReceiveDescriptor* receive;
  uint8_t* receive_buffers;
  unsigned receive_next;   // the first that was not taken
  unsigned receive_taken;  // and not yet given back

  volatile struct TransmitDescriptor* transmit;
  unsigned transmit_tail, announced_tail;
  unsigned transmit_oldest;  // the first whose frame was not seen to be sent
  struct {
    uint8_t slot;
    uint8_t last;  // descriptor of the frame
  } frames[kE1000Ring];
  unsigned frame_in, frame_out;
  uint64_t doorbells;  // writes of the two tail registers
};

// The `index`th card, running, its interrupts masked. Null and `*why` (null: there is none).
struct E1000* e1000_open(unsigned index, const char** why);

// These may run unprivileged. `frame` of `length` bytes lies in RAM as one piece. With `segment`
// the card cuts the TCP payload into pieces of that size. 0: no room.
int e1000_send(struct E1000* card, unsigned slot, const uint8_t* frame, uint32_t length,
               uint32_t segment);
void e1000_announce(struct E1000* card);
int e1000_has_sent(const struct E1000* card);
int e1000_sent(struct E1000* card);  // the slot of the oldest frame, or -1
int e1000_has_received(const struct E1000* card);
// The next frame, or null.
const uint8_t* e1000_receive(struct E1000* card, uint32_t* length);
void e1000_give_back(struct E1000* card);

void e1000_want(const struct E1000* card, uint32_t causes);  // these interrupt, and no others
uint32_t e1000_acknowledge(const struct E1000* card);        // reads the causes: the wire falls
