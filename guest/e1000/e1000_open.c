#include "guest/e1000/e1000.h"
#include "guest/machine/high_memory.h"
#include "guest/virtio/deadline.h"
#include "guest/virtio/pool.h"
#include "guest/virtio/registers.h"

enum { kId = 0x100e8086, kRegisterBytes = 0x20000, kPatience = 5000, kMulticastWords = 128 };

static int reach(struct E1000* card) {
  card->registers = pci_bar(card->function, 0);
  pci_write(card->function, kPciCommand, 2, kPciCommandMemory | kPciCommandMaster);
  return card->registers && map_high_memory(card->registers, kRegisterBytes);
}

static int wait_until(const struct E1000* card, unsigned offset, uint32_t bit, uint32_t wanted) {
  const struct Deadline deadline = deadline_in(kPatience);
  while ((read32(card->registers + offset) & bit) != wanted) {
    if (deadline_over(&deadline)) {
      return 0;
    }
  }
  return 1;
}

// 14.3: general configuration. The address comes out of the EEPROM with the reset.
static int reset(struct E1000* card) {
  const uint64_t at = card->registers;
  write32(at + kInterruptMaskClear, ~0u);
  write32(at + kControl, read32(at + kControl) | kControlReset);
  delay_microseconds(10);
  if (!wait_until(card, kControl, kControlReset, 0)) {
    return 0;
  }
  write32(at + kInterruptMaskClear, ~0u);
  (void)e1000_acknowledge(card);
  write32(at + kControl, read32(at + kControl) | kControlLinkUp | kControlAutoSpeed);
  for (unsigned i = 0; i < kMulticastWords; ++i) {
    write32(at + kMulticastTable + 4 * i, 0);
  }
  const uint32_t low = read32(at + kAddressLow);
  const uint32_t high = read32(at + kAddressHigh);
  for (unsigned i = 0; i < 6; ++i) {
    card->mac[i] = (uint8_t)(i < 4 ? low >> 8 * i : high >> 8 * (i - 4));
  }
  return 1;
}

// 14.4
static void start_receiver(struct E1000* card) {
  card->receive = pool_take(sizeof *card->receive * kE1000Ring, 4096);
  clear_fast((void*)card->receive, sizeof *card->receive * kE1000Ring);
  card->receive_buffers = pool_take(kE1000Buffer * kE1000Ring, 4096);
  for (unsigned i = 0; i < kE1000Ring; ++i) {
    card->receive[i].address = (uint64_t)(card->receive_buffers + (uint64_t)i * kE1000Buffer);
  }
  const uint64_t at = card->registers;
  write32(at + kReceiveBase, (uint32_t)(uint64_t)card->receive);
  write32(at + kReceiveBase + 4, 0);
  write32(at + kReceiveLength, sizeof *card->receive * kE1000Ring);
  write32(at + kReceiveHead, 0);
  write32(at + kReceiveTail, kE1000Ring - 1);
  write32(at + kReceiveControl, kReceiveEnable | kReceiveBroadcast | kReceiveStripCrc);
}

// 14.5
static void start_transmitter(struct E1000* card) {
  card->transmit = pool_take(sizeof *card->transmit * kE1000Ring, 4096);
  clear_fast((void*)card->transmit, sizeof *card->transmit * kE1000Ring);
  const uint64_t at = card->registers;
  write32(at + kTransmitBase, (uint32_t)(uint64_t)card->transmit);
  write32(at + kTransmitBase + 4, 0);
  write32(at + kTransmitLength, sizeof *card->transmit * kE1000Ring);
  write32(at + kTransmitHead, 0);
  write32(at + kTransmitTail, 0);
  write32(at + kTransmitGap, kTransmitGaps);
  write32(at + kTransmitControl, kTransmitEnable | kTransmitPad | kTransmitCollisions);
}

struct E1000* e1000_open(unsigned index, const char** why) {
  static struct E1000 the_card;
  struct E1000* card = &the_card;
  card->function = pci_find(kPciVendor, ~0u, kId, index);
  if (!card->function) {
    return 0;
  }
  if (!reach(card)) {
    *why = "registers_out_of_reach";
    return 0;
  }
  if (!reset(card)) {
    *why = "reset_does_not_end";
    return 0;
  }
  start_receiver(card);
  start_transmitter(card);
  if (!wait_until(card, kDeviceStatus, kStatusLinkUp, kStatusLinkUp)) {
    *why = "no_link";
    return 0;
  }
  return card;
}
