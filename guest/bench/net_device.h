// A network card as bench-net drives it, whatever its face.
#pragma once

#include <stdint.h>

enum {
  kNetSlots = 64,                             // frames with the device at once
  kNetLargeSlots = 8,                         // of which so many have room for kNetLargeFrame bytes
  kNetLargeFrame = 14 + 20 + 20 + 44 * 1460,  // Ethernet, IPv4, TCP, segments
  kNetSmallFrame = 1514,
};

enum NetDirection { kNetTransmit, kNetReceive };

struct NetDevice {
  const char* face;
  uint8_t mac[6];
  int segments;             // takes TCP over IPv4 that it cuts up itself
  int checksum_has_length;  // and wants its length in the TCP pseudo header
  int receives_large;       // gives frames of kNetLargeFrame bytes
  int sleeps;
  uint64_t kicks;
  uint8_t* slots[kNetSlots];  // where the frames to send are

  // Unprivileged. Frames come back from `sent` in any order. With `segment`, the length of a
  // segment's payload, the frame is Ethernet, IPv4 and TCP without options. 0: no room.
  int (*send)(struct NetDevice* device, unsigned slot, uint32_t length, uint32_t segment);
  void (*kick)(struct NetDevice* device);
  int (*sent)(struct NetDevice* device);  // a slot, or -1
  // The next frame: its first bytes, at least 64 of them in one piece, and the whole's length. Null
  // if there is none. They stay until `give_back`, which gives back all that was taken.
  const uint8_t* (*receive)(struct NetDevice* device, uint32_t* length);
  void (*give_back)(struct NetDevice* device);
  // Asks for an interrupt with the next frame of that direction (sent ones: when `count` are);
  // true if there is something to take already.
  int (*arm)(struct NetDevice* device, enum NetDirection direction, unsigned count);
  void (*disarm)(struct NetDevice* device);

  // Privileged.
  uint64_t (*interrupts)(struct NetDevice* device);
};

// As block_device.h has it.
typedef struct NetDevice* NetOpen(const char* line, const char** why);
NetOpen net_virtio_pci_open, net_virtio_mmio_open, net_e1000_open;
struct NetFace {
  const char* face;
  NetOpen* open;
};
extern const struct NetFace net_faces[];
