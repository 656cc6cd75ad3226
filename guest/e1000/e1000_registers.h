// 82540EM: registers and descriptors.
// Source: Intel PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual
// (317453), 3 (descriptors), 13 (registers).
#pragma once

#include <stdint.h>

enum {  // offsets in BAR 0
  kControl = 0x00000,
  kDeviceStatus = 0x00008,
  kInterruptCause = 0x000c0,
  kInterruptMaskSet = 0x000d0,
  kInterruptMaskClear = 0x000d8,
  kReceiveControl = 0x00100,
  kTransmitControl = 0x00400,
  kTransmitGap = 0x00410,
  kReceiveBase = 0x02800,  // low, high
  kReceiveLength = 0x02808,
  kReceiveHead = 0x02810,
  kReceiveTail = 0x02818,
  kTransmitBase = 0x03800,
  kTransmitLength = 0x03808,
  kTransmitHead = 0x03810,
  kTransmitTail = 0x03818,
  kMulticastTable = 0x05200,  // 128 words
  kAddressLow = 0x05400,
  kAddressHigh = 0x05404,
};

enum {  // CTRL, STATUS
  kControlAutoSpeed = 1 << 5,
  kControlLinkUp = 1 << 6,
  kControlReset = 1 << 26,
  kStatusLinkUp = 1 << 1,
};

enum {  // ICR, IMS, IMC
  kCauseTransmitted = 1 << 0,
  kCauseReceiveLow = 1 << 4,
  kCauseOverrun = 1 << 6,
  kCauseReceived = 1 << 7,
};

enum {
  kReceiveEnable = 1 << 1,
  kReceiveBroadcast = 1 << 15,
  kReceiveStripCrc = 1 << 26,  // and buffers of 2048 bytes: the size bits are 0
  kTransmitEnable = 1 << 1,
  kTransmitPad = 1 << 3,
  kTransmitCollisions = 0x0f << 4 | 0x40 << 12,
  kTransmitGaps = 10 | 8 << 10 | 6 << 20,
};

struct ReceiveDescriptor {  // 3.2.3
  uint64_t address;
  uint16_t length;
  uint16_t checksum;
  uint8_t status;
  uint8_t errors;
  uint16_t special;
};

struct TransmitDescriptor {  // 3.3.3 (legacy), 3.3.6 (context), 3.3.7 (data)
  uint64_t address;
  uint32_t command;  // length below, DCMD from bit 24
  uint32_t status;
};

enum { kDescriptorDone = 1 };

enum {  // DCMD and TUCMD, from bit 24
  kEndOfPacket = 1 << 24,
  kInsertCrc = 1 << 25,
  kSegmentation = 1 << 26,
  kReportStatus = 1 << 27,
  kExtended = 1 << 29,
  kDataDescriptor = 1 << 20,
  kContextTcp = 1 << 24,
  kContextIp = 1 << 25,
};
enum { kInsertChecksums = 3 << 8 };  // POPTS of a data descriptor: IXSM and TXSM
