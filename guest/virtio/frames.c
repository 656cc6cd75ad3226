#include "guest/machine/program.h"
#include "guest/virtio/net.h"

enum {
  kTypeIp = 0x0800,
  kTypeArp = 0x0806,
  kArp = kEthernet,        // RFC 826
  kIp = kEthernet,         // RFC 791
  kTransport = kIp + 20,   // of packets without options
  kDhcp = kTransport + 8,  // RFC 2131
  kOptions = kDhcp + 240,
  kProtocolIcmp = 1,
  kProtocolUdp = 17,
};

static void ethernet(uint8_t* frame, const uint8_t* to, const uint8_t* from, unsigned type) {
  memcpy(frame, to, 6);
  memcpy(frame + 6, from, 6);
  put16(frame + 12, type);
}

static const uint8_t kEveryone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static unsigned arp(uint8_t* frame, const struct Station* from, const uint8_t* to_mac, uint32_t to,
                    unsigned operation) {
  memset(frame, 0, 60);
  ethernet(frame, to_mac, from->mac, kTypeArp);
  static const uint8_t kHead[] = {0, 1, 8, 0, 6, 4, 0};
  memcpy(frame + kArp, kHead, sizeof kHead);
  frame[kArp + 7] = (uint8_t)operation;
  memcpy(frame + kArp + 8, from->mac, 6);
  put32(frame + kArp + 14, from->address);
  if (operation == 2) {
    memcpy(frame + kArp + 18, to_mac, 6);
  }
  put32(frame + kArp + 24, to);
  return 60;
}

unsigned frame_arp_request(uint8_t* frame, const struct Station* from, uint32_t wanted) {
  return arp(frame, from, kEveryone, wanted, 1);
}

unsigned frame_arp_answer(uint8_t* frame, const struct Station* from, const struct Station* to) {
  return arp(frame, from, to->mac, to->address, 2);
}

static unsigned checksum(const uint8_t* at, unsigned length) {  // RFC 1071
  uint32_t sum = 0;
  for (unsigned i = 0; i + 1 < length; i += 2) {
    sum += get16(at + i);
  }
  if (length & 1) {
    sum += (uint32_t)at[length - 1] << 8;
  }
  while (sum >> 16) {
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return ~sum & 0xffff;
}

static void ip(uint8_t* frame, unsigned length, unsigned protocol, uint32_t from, uint32_t to) {
  uint8_t* at = frame + kIp;
  memset(at, 0, 20);
  at[0] = 0x45;
  put16(at + 2, length - kIp);
  at[8] = 64;
  at[9] = (uint8_t)protocol;
  put32(at + 12, from);
  put32(at + 16, to);
  put16(at + 10, checksum(at, 20));
}

unsigned frame_dhcp_discover(uint8_t* frame, const struct Station* from, uint32_t transaction) {
  static const uint8_t kWanted[] = {99, 130, 83, 99, 53, 1, 1, 55, 3, 1, 3, 6, 255};
  const unsigned length = kDhcp + 300;
  memset(frame, 0, length);
  ethernet(frame, kEveryone, from->mac, kTypeIp);
  ip(frame, length, kProtocolUdp, 0, 0xffffffff);
  put16(frame + kTransport, 68);
  put16(frame + kTransport + 2, 67);
  put16(frame + kTransport + 4, length - kTransport);  // checksum 0: none
  uint8_t* at = frame + kDhcp;
  at[0] = 1;  // request
  at[1] = 1;
  at[2] = 6;
  put32(at + 4, transaction);
  put16(at + 10, 0x8000);  // answer by broadcast
  memcpy(at + 28, from->mac, 6);
  memcpy(at + 236, kWanted, sizeof kWanted);
  return length;
}

unsigned frame_ping(uint8_t* frame, const struct Station* from, const struct Station* to,
                    unsigned sequence) {
  const unsigned length = kTransport + 8 + 56;
  memset(frame, 0x5a, length);
  ethernet(frame, to->mac, from->mac, kTypeIp);
  ip(frame, length, kProtocolIcmp, from->address, to->address);
  uint8_t* at = frame + kTransport;
  put32(at, 0x08000000);  // RFC 792: echo
  put32(at + 4, 0x51ff0000 | sequence);
  put16(at + 2, checksum(at, length - kTransport));
  return length;
}

int frame_is_arp_answer(const uint8_t* frame, unsigned length, uint32_t from, uint8_t* mac) {
  if (length < 42 || get16(frame + 12) != kTypeArp || frame[kArp + 7] != 2 ||
      get32(frame + kArp + 14) != from) {
    return 0;
  }
  memcpy(mac, frame + kArp + 8, 6);
  return 1;
}

int frame_is_arp_request(const uint8_t* frame, unsigned length, uint32_t wanted) {
  return length >= 42 && get16(frame + 12) == kTypeArp && frame[kArp + 7] == 1 &&
         get32(frame + kArp + 24) == wanted;
}

int frame_is_dhcp_offer(const uint8_t* frame, unsigned length, uint32_t transaction,
                        uint32_t* offered, uint32_t* router) {
  if (length < kOptions + 4 || get16(frame + 12) != kTypeIp || frame[kIp + 9] != kProtocolUdp ||
      get16(frame + kTransport + 2) != 68 || get32(frame + kDhcp + 4) != transaction) {
    return 0;
  }
  *offered = get32(frame + kDhcp + 16);
  *router = 0;
  int is_offer = 0;
  for (unsigned at = kOptions; at + 2 <= length && frame[at] != 255;) {
    if (frame[at] == 0) {
      ++at;
      continue;
    }
    const unsigned size = frame[at + 1];
    if (at + 2 + size > length) {
      break;
    }
    is_offer |= frame[at] == 53 && size == 1 && frame[at + 2] == 2;
    if (frame[at] == 3 && size >= 4) {
      *router = get32(frame + at + 2);
    }
    at += 2 + size;
  }
  return is_offer;
}

int frame_is_ping_answer(const uint8_t* frame, unsigned length, unsigned sequence) {
  return length >= kTransport + 8 && get16(frame + 12) == kTypeIp &&
         frame[kIp + 9] == kProtocolIcmp && frame[kTransport] == 0 &&
         get32(frame + kTransport + 4) == (0x51ff0000 | sequence);
}
