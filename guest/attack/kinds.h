// What attacks must know of each kind of device; and the clean requests.
#pragma once

#include "guest/attack/target.h"
#include "guest/virtio/net.h"

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
