// What attacks must know of each kind of device; and the clean requests.
#pragma once

#include "guest/x86_64/attack/target.h"

enum {  // 5.1.3, virtio-net
  kNetChecksum = 0,
  kNetMac = 5,
  kNetHostTso4 = 11,
  kNetHostTso6 = 12,
  kNetHostUfo = 14,
  kNetMergeable = 15,
  kNetStatus = 16,
  kNetControlQueue = 17,
  kNetControlReceive = 18,
  kNetMultiQueue = 22,
};

struct NetHeader {  // 5.1.6
  uint8_t flags;
  uint8_t gso_type;
  uint16_t header_length;
  uint16_t gso_size;
  uint16_t checksum_start;
  uint16_t checksum_offset;
  uint16_t buffers;
};

// Writes a pattern to a sector, reads it back.
int blk_clean_request(struct Target* target);
// Sends an ARP request; sets and clears promiscuous mode where there is a control queue.
int net_clean_request(struct Target* target);
// Writes a dot to port 0.
int console_clean_request(struct Target* target);
// Reads 32 bytes.
int rng_clean_request(struct Target* target);

// The ARP request's Ethernet frame; returns its length.
unsigned net_write_frame(uint8_t* frame);
