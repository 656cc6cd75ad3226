#include "guest/e1000/e1000.h"

#include "guest/virtio/registers.h"

enum {
  kPiece = 4096,
  kEthernetHeader = 14,
  kIpHeader = 20,
  kTcpHeader = 20,
  kHeaders = kEthernetHeader + kIpHeader + kTcpHeader,
  kIpChecksum = 10,
  kTcpChecksum = 16,
};

static unsigned next(unsigned index) {
  return (index + 1) % kE1000Ring;
}

static unsigned room(const struct E1000* card) {
  return (card->transmit_oldest - card->transmit_tail - 1) % kE1000Ring;
}

static void put(struct E1000* card, uint64_t address, uint32_t command, uint32_t status) {
  volatile struct TransmitDescriptor* d = card->transmit + card->transmit_tail;
  d->address = address;
  d->command = command;
  d->status = status;
  card->transmit_tail = next(card->transmit_tail);
}

// 3.3.6: where the checksums begin, go and end (0: at the frame's end), and what to repeat.
static void put_context(struct E1000* card, uint32_t length, uint32_t segment) {
  const uint64_t ip = kEthernetHeader | (kEthernetHeader + kIpChecksum) << 8 |
                      (kEthernetHeader + kIpHeader - 1) << 16;
  const uint64_t tcp = (kEthernetHeader + kIpHeader) | (kEthernetHeader + kIpHeader + kTcpChecksum)
                                                           << 8;
  put(card, ip | tcp << 32,
      (length - kHeaders) | kContextTcp | kContextIp | kSegmentation | kExtended,
      kHeaders << 8 | segment << 16);
}

static void put_segmented(struct E1000* card, const uint8_t* frame, uint32_t length,
                          uint32_t segment) {
  put_context(card, length, segment);
  for (uint32_t at = 0; at < length; at += kPiece) {
    const uint32_t left = length - at;
    const uint32_t end =
        left <= kPiece ? kEndOfPacket | kInsertCrc | kReportStatus : (uint32_t)kInsertCrc;
    put(card, (uint64_t)(frame + at),
        (left < kPiece ? left : kPiece) | kDataDescriptor | kSegmentation | kExtended | end,
        kInsertChecksums);
  }
}

int e1000_send(struct E1000* card, unsigned slot, const uint8_t* frame, uint32_t length,
               uint32_t segment) {
  const unsigned needed = segment ? 1 + (length + kPiece - 1) / kPiece : 1;
  if (room(card) < needed) {
    return 0;
  }
  if (segment) {
    put_segmented(card, frame, length, segment);
  } else {
    put(card, (uint64_t)frame, length | kEndOfPacket | kInsertCrc | kReportStatus, 0);
  }
  card->frames[card->frame_in].slot = (uint8_t)slot;
  card->frames[card->frame_in].last = (uint8_t)((card->transmit_tail - 1) % kE1000Ring);
  card->frame_in = next(card->frame_in);
  return 1;
}

void e1000_announce(struct E1000* card) {
  if (card->announced_tail != card->transmit_tail) {
    write_barrier();
    write32(card->registers + kTransmitTail, card->transmit_tail);
    card->announced_tail = card->transmit_tail;
    card->doorbells += 1;
  }
}

int e1000_has_sent(const struct E1000* card) {
  return card->frame_out != card->frame_in &&
         card->transmit[card->frames[card->frame_out].last].status & kDescriptorDone;
}

int e1000_sent(struct E1000* card) {
  if (!e1000_has_sent(card)) {
    return -1;
  }
  const unsigned at = card->frame_out;
  card->transmit_oldest = next(card->frames[at].last);
  card->frame_out = next(at);
  return card->frames[at].slot;
}

int e1000_has_received(const struct E1000* card) {
  return card->receive_taken < kE1000Ring - 1 &&
         card->receive[card->receive_next].status & kDescriptorDone;
}

const uint8_t* e1000_receive(struct E1000* card, uint32_t* length) {
  if (!e1000_has_received(card)) {
    return 0;
  }
  read_barrier();
  const unsigned at = card->receive_next;
  *length = card->receive[at].length;
  card->receive[at].status = 0;
  card->receive_next = next(at);
  card->receive_taken += 1;
  return card->receive_buffers + (uint64_t)at * kE1000Buffer;
}

// The tail is the last one that the card may fill: one always stays behind.
void e1000_give_back(struct E1000* card) {
  if (card->receive_taken) {
    write_barrier();
    write32(card->registers + kReceiveTail, (card->receive_next - 1) % kE1000Ring);
    card->receive_taken = 0;
    card->doorbells += 1;
  }
}

void e1000_want(const struct E1000* card, uint32_t causes) {
  write32(card->registers + kInterruptMaskClear, ~causes);
  write32(card->registers + kInterruptMaskSet, causes);
}

uint32_t e1000_acknowledge(const struct E1000* card) {
  return read32(card->registers + kInterruptCause);
}
