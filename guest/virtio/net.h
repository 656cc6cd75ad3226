// virtio-net (5.1), and of Ethernet, ARP, IPv4, UDP and ICMP what a test needs. Also what
// virtio-net and virtio-attack share.
#pragma once

#include <stdint.h>

enum {  // 5.1.3
  kNetChecksum = 0,
  kNetMtu = 3,
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

enum { kEthernet = 14, kFrameMaximum = 1514 };

struct Station {
  uint8_t mac[6];
  uint32_t address;  // host byte order
};

static inline uint16_t get16(const uint8_t* at) {
  return (uint16_t)(at[0] << 8 | at[1]);
}
static inline uint32_t get32(const uint8_t* at) {
  return (uint32_t)get16(at) << 16 | get16(at + 2);
}
static inline void put16(uint8_t* at, unsigned value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}
static inline void put32(uint8_t* at, uint32_t value) {
  put16(at, value >> 16);
  put16(at + 2, value & 0xffff);
}

// Each writes a whole frame and returns its length.
unsigned frame_arp_request(uint8_t* frame, const struct Station* from, uint32_t wanted);
unsigned frame_arp_answer(uint8_t* frame, const struct Station* from, const struct Station* to);
unsigned frame_dhcp_discover(uint8_t* frame, const struct Station* from, uint32_t transaction);
unsigned frame_ping(uint8_t* frame, const struct Station* from, const struct Station* to,
                    unsigned sequence);

int frame_is_arp_answer(const uint8_t* frame, unsigned length, uint32_t from, uint8_t* mac);
int frame_is_arp_request(const uint8_t* frame, unsigned length, uint32_t wanted);
// The offered address and router (0: none named), if it is an offer for this transaction.
int frame_is_dhcp_offer(const uint8_t* frame, unsigned length, uint32_t transaction,
                        uint32_t* offered, uint32_t* router);
int frame_is_ping_answer(const uint8_t* frame, unsigned length, unsigned sequence);
