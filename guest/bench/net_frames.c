#include "guest/bench/net_frames.h"

#include "guest/machine/program.h"
#include "guest/virtio/net.h"

enum {
  kTypeLocal = 0x88b5,  // IEEE 802: for local experiments
  kTypeIp = 0x0800,
  kProtocolTcp = 6,
  kIpHeader = 20,
  kTcpHeader = 20,
  kPort = 9,  // discard
};

// The addresses mean nothing to anybody: locally administered, and 192.0.2.0/24 (RFC 5737).
static const uint8_t kPartner[6] = {0x02, 0x53, 0x4b, 0x46, 0x00, 0x01};
static const uint32_t kOurAddress = 0xc0000202, kPartnerAddress = 0xc0000201;

static uint32_t payload_at(uint32_t length) {
  return kEthernet + (length > kNetSmallFrame ? kIpHeader + kTcpHeader : 0);
}

static uint32_t fold(uint32_t sum) {
  while (sum >> 16) {
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

// RFC 791 and 793. The TCP checksum is left to the card: it holds the pseudo header's sum.
static void tcp_headers(uint8_t* frame, uint32_t length, int checksum_has_length) {
  uint8_t* ip = frame + kEthernet;
  uint8_t* tcp = ip + kIpHeader;
  memset(ip, 0, kIpHeader + kTcpHeader);
  ip[0] = 0x45;
  put16(ip + 2, length - kEthernet);
  ip[6] = 0x40;  // do not fragment
  ip[8] = 64;
  ip[9] = kProtocolTcp;
  put32(ip + 12, kOurAddress);
  put32(ip + 16, kPartnerAddress);
  uint32_t sum = 0;
  for (unsigned i = 0; i < kIpHeader; i += 2) {
    sum += get16(ip + i);
  }
  put16(ip + 10, ~fold(sum) & 0xffff);
  put16(tcp, kPort);
  put16(tcp + 2, kPort);
  tcp[12] = kTcpHeader / 4 << 4;
  tcp[13] = 0x10;  // ACK
  put16(tcp + 14, 0xffff);
  sum = kProtocolTcp + (checksum_has_length ? length - kEthernet - kIpHeader : 0);
  for (unsigned i = 12; i < 20; i += 2) {
    sum += get16(ip + i);
  }
  put16(tcp + 16, fold(sum));
}

void net_frame(const struct NetDevice* device, uint8_t* frame, uint32_t length, enum NetKind kind,
               uint32_t second) {
  memset(frame, 0x5a, length);
  memcpy(frame, kPartner, 6);
  memcpy(frame + 6, device->mac, 6);
  put16(frame + 12, length > kNetSmallFrame ? kTypeIp : kTypeLocal);
  if (length > kNetSmallFrame) {
    tcp_headers(frame, length, device->checksum_has_length);
  }
  put32(frame + payload_at(length), kind);
  net_frame_set_second(frame, length, second);
}

void net_frame_set_second(uint8_t* frame, uint32_t length, uint32_t second) {
  put32(frame + payload_at(length) + 4, second);
}

int net_frame_is(const uint8_t* frame, uint32_t length, enum NetKind kind, uint32_t* second) {
  const uint32_t at = payload_at(length);
  if (length < at + 8 || get16(frame + 12) != (length > kNetSmallFrame ? kTypeIp : kTypeLocal) ||
      get32(frame + at) != kind) {
    return 0;
  }
  *second = get32(frame + at + 4);
  return 1;
}
