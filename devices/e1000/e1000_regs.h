// Registers and descriptors of an Intel 82540EM, by the manual's names.
// Source: PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual (317453-006,
// revision 4.0): 3 (descriptors), 13 (registers).
#pragma once

#include <cstdint>

namespace skiff::e1000 {

inline constexpr std::uint64_t kRegistersSize = 0x20000;  // the memory BAR [bytes]

// The I/O BAR (13.2.2): which register, its content.
inline constexpr std::uint64_t kIoAddr = 0;
inline constexpr std::uint64_t kIoData = 4;
inline constexpr std::uint64_t kIoSize = 64;

// General (13.4).
inline constexpr std::uint32_t kCtrl = 0x0000;
inline constexpr std::uint32_t kCtrlSlu = 1U << 6;      // set link up
inline constexpr std::uint32_t kCtrlSpeedShift = 8;     // 2 bits
inline constexpr std::uint32_t kCtrlFrcspd = 1U << 11;  // force speed
inline constexpr std::uint32_t kCtrlRst = 1U << 26;
inline constexpr std::uint32_t kCtrlVme = 1U << 30;  // VLAN tags are taken out and put in
inline constexpr std::uint32_t kCtrlPhyRst = 1U << 31;

inline constexpr std::uint32_t kStatus = 0x0008;
inline constexpr std::uint32_t kStatusFd = 1U << 0;
inline constexpr std::uint32_t kStatusLu = 1U << 1;
inline constexpr std::uint32_t kStatusSpeedShift = 6;  // 2 bits: 10, 100, 1000, 1000
inline constexpr std::uint32_t kStatusAsdvShift = 8;

inline constexpr std::uint32_t kEecd = 0x0010;
inline constexpr std::uint32_t kEecdSk = 1U << 0;
inline constexpr std::uint32_t kEecdCs = 1U << 1;
inline constexpr std::uint32_t kEecdDi = 1U << 2;
inline constexpr std::uint32_t kEecdDo = 1U << 3;
inline constexpr std::uint32_t kEecdFwe = 3U << 4;
inline constexpr std::uint32_t kEecdReq = 1U << 6;
inline constexpr std::uint32_t kEecdGnt = 1U << 7;
inline constexpr std::uint32_t kEecdPres = 1U << 8;

inline constexpr std::uint32_t kEerd = 0x0014;
inline constexpr std::uint32_t kEerdStart = 1U << 0;
inline constexpr std::uint32_t kEerdDone = 1U << 4;
inline constexpr std::uint32_t kEerdAddressShift = 8;
inline constexpr std::uint32_t kEerdDataShift = 16;

inline constexpr std::uint32_t kCtrlExt = 0x0018;
inline constexpr std::uint32_t kCtrlExtEeRst = 1U << 13;

inline constexpr std::uint32_t kMdic = 0x0020;
inline constexpr std::uint32_t kMdicRegisterShift = 16;
inline constexpr std::uint32_t kMdicPhyShift = 21;
inline constexpr std::uint32_t kMdicOpShift = 26;  // 1: write, 2: read
inline constexpr std::uint32_t kMdicReady = 1U << 28;
inline constexpr std::uint32_t kMdicInterrupt = 1U << 29;
inline constexpr std::uint32_t kMdicError = 1U << 30;

inline constexpr std::uint32_t kFcal = 0x0028;
inline constexpr std::uint32_t kFcah = 0x002c;
inline constexpr std::uint32_t kFct = 0x0030;
inline constexpr std::uint32_t kVet = 0x0038;
inline constexpr std::uint32_t kFcttv = 0x0170;
inline constexpr std::uint32_t kTxcw = 0x0178;
inline constexpr std::uint32_t kLedctl = 0x0e00;
inline constexpr std::uint32_t kPba = 0x1000;

// Interrupts.
inline constexpr std::uint32_t kIcr = 0x00c0;
inline constexpr std::uint32_t kItr = 0x00c4;
inline constexpr std::uint32_t kIcs = 0x00c8;
inline constexpr std::uint32_t kIms = 0x00d0;
inline constexpr std::uint32_t kImc = 0x00d8;
inline constexpr std::uint32_t kIntTxdw = 1U << 0;    // a transmit descriptor was written back
inline constexpr std::uint32_t kIntTxqe = 1U << 1;    // the transmit queue is empty
inline constexpr std::uint32_t kIntLsc = 1U << 2;     // the link has changed
inline constexpr std::uint32_t kIntRxdmt0 = 1U << 4;  // receive descriptors run low
inline constexpr std::uint32_t kIntRxt0 = 1U << 7;    // a frame was received
inline constexpr std::uint32_t kIntMdac = 1U << 9;    // an access by MDIC is done
inline constexpr std::uint32_t kIntSrpd = 1U << 16;   // a small frame was received
inline constexpr std::uint32_t kIntAll = 0x0001'fedf;

// Receive.
inline constexpr std::uint32_t kRctl = 0x0100;
inline constexpr std::uint32_t kRctlEn = 1U << 1;
inline constexpr std::uint32_t kRctlUpe = 1U << 3;  // every unicast address
inline constexpr std::uint32_t kRctlMpe = 1U << 4;  // every group address
inline constexpr std::uint32_t kRctlLpe = 1U << 5;  // long packets
inline constexpr std::uint32_t kRctlRdmtsShift = 8;
inline constexpr std::uint32_t kRctlMoShift = 12;
inline constexpr std::uint32_t kRctlBam = 1U << 15;  // broadcast
inline constexpr std::uint32_t kRctlBsizeShift = 16;
inline constexpr std::uint32_t kRctlVfe = 1U << 18;    // VLAN filter
inline constexpr std::uint32_t kRctlCfien = 1U << 19;  // ... by the canonical form bit too
inline constexpr std::uint32_t kRctlCfi = 1U << 20;    // whose value is this
inline constexpr std::uint32_t kRctlDpf = 1U << 22;    // pause frames are dropped
inline constexpr std::uint32_t kRctlPmcf = 1U << 23;   // MAC control frames pass
inline constexpr std::uint32_t kRctlBsex = 1U << 25;   // buffers 16 times as large
inline constexpr std::uint32_t kRctlSecrc = 1U << 26;  // without the frame check sequence
inline constexpr std::uint32_t kFcrtl = 0x2160;
inline constexpr std::uint32_t kFcrth = 0x2168;
inline constexpr std::uint32_t kRdbal = 0x2800;
inline constexpr std::uint32_t kRdbah = 0x2804;
inline constexpr std::uint32_t kRdlen = 0x2808;
inline constexpr std::uint32_t kRdh = 0x2810;
inline constexpr std::uint32_t kRdt = 0x2818;
inline constexpr std::uint32_t kRdtr = 0x2820;
inline constexpr std::uint32_t kRdtrFpd = 1U << 31;  // what is delayed comes now
inline constexpr std::uint32_t kRxdctl = 0x2828;
inline constexpr std::uint32_t kRadv = 0x282c;
inline constexpr std::uint32_t kRsrpd = 0x2c00;
inline constexpr std::uint32_t kRxcsum = 0x5000;
inline constexpr std::uint32_t kRxcsumPcss = 0xff;
inline constexpr std::uint32_t kRxcsumIpofl = 1U << 8;
inline constexpr std::uint32_t kRxcsumTuofl = 1U << 9;
inline constexpr std::uint32_t kMta = 0x5200;
inline constexpr std::uint32_t kMtaWords = 128;
inline constexpr std::uint32_t kRa = 0x5400;  // RAL and RAH, in turn
inline constexpr std::uint32_t kRaEntries = 16;
inline constexpr std::uint32_t kRahAv = 1U << 31;      // the entry is valid
inline constexpr std::uint32_t kRahSelect = 3U << 16;  // what the address is compared with
inline constexpr std::uint32_t kVfta = 0x5600;
inline constexpr std::uint32_t kVftaWords = 128;

// Transmit.
inline constexpr std::uint32_t kTctl = 0x0400;
inline constexpr std::uint32_t kTctlEn = 1U << 1;
inline constexpr std::uint32_t kTctlPsp = 1U << 3;  // short frames are padded
inline constexpr std::uint32_t kTipg = 0x0410;
inline constexpr std::uint32_t kAifs = 0x0458;
inline constexpr std::uint32_t kTdbal = 0x3800;
inline constexpr std::uint32_t kTdbah = 0x3804;
inline constexpr std::uint32_t kTdlen = 0x3808;
inline constexpr std::uint32_t kTdh = 0x3810;
inline constexpr std::uint32_t kTdt = 0x3818;
inline constexpr std::uint32_t kTidv = 0x3820;
inline constexpr std::uint32_t kTxdctl = 0x3828;
inline constexpr std::uint32_t kTadv = 0x382c;
inline constexpr std::uint32_t kTspmt = 0x3830;

// Statistics (13.7) and what is behind them.
inline constexpr std::uint32_t kStatistics = 0x4000;
inline constexpr std::uint32_t kStatisticsEnd = 0x4100;
inline constexpr std::uint32_t kWuc = 0x5800;
inline constexpr std::uint32_t kWufc = 0x5808;
inline constexpr std::uint32_t kIpav = 0x5838;
inline constexpr std::uint32_t kManc = 0x5820;

// Units.
inline constexpr std::uint64_t kDelayUnit = 1024;    // of RDTR, RADV, TIDV, TADV [ns]
inline constexpr std::uint64_t kThrottleUnit = 256;  // of ITR [ns]

// 3.2.3: a receive descriptor.
struct ReceiveDescriptor {
  std::uint64_t address;
  std::uint16_t length;
  std::uint16_t checksum;  // of the packet, from RXCSUM.PCSS on
  std::uint8_t status;
  std::uint8_t errors;
  std::uint16_t special;  // the VLAN tag
};
static_assert(sizeof(ReceiveDescriptor) == 16);
inline constexpr std::uint8_t kRxDd = 1U << 0;
inline constexpr std::uint8_t kRxEop = 1U << 1;
inline constexpr std::uint8_t kRxIxsm = 1U << 2;  // say nothing about checksums
inline constexpr std::uint8_t kRxVp = 1U << 3;
inline constexpr std::uint8_t kRxTcpcs = 1U << 5;
inline constexpr std::uint8_t kRxIpcs = 1U << 6;
inline constexpr std::uint8_t kRxPif = 1U << 7;  // by the hash: may be another group's
inline constexpr std::uint8_t kRxErrorTcpe = 1U << 5;
inline constexpr std::uint8_t kRxErrorIpe = 1U << 6;
inline constexpr std::uint8_t kRxErrorRxe = 1U << 7;

// 3.3: a transmit descriptor of any kind; the words of a context are split by its parser.
struct TransmitDescriptor {
  std::uint64_t first;  // a buffer's address; a context: IPCSS, IPCSO, IPCSE, TUCSS, TUCSO, TUCSE
  std::uint32_t lower;  // length, type and command
  std::uint8_t status;
  std::uint8_t upper;     // legacy: CSS; data: POPTS; context: HDRLEN
  std::uint16_t special;  // the VLAN tag; context: MSS
};
static_assert(sizeof(TransmitDescriptor) == 16);
inline constexpr std::uint8_t kTxDd = 1U << 0;
inline constexpr std::uint32_t kTxLegacyLength = 0xffff;
inline constexpr std::uint32_t kTxLegacyCsoShift = 16;
inline constexpr std::uint32_t kTxDataLength = 0xf'ffff;  // a context: PAYLEN
inline constexpr std::uint32_t kTxTypeShift = 20;         // of an extended descriptor
inline constexpr std::uint32_t kTxTypeMask = 0xf;
inline constexpr std::uint32_t kTxTypeContext = 0;
inline constexpr std::uint32_t kTxTypeData = 1;
inline constexpr std::uint32_t kTxEop = 1U << 24;
inline constexpr std::uint32_t kTxIc = 1U << 26;   // legacy: insert a checksum
inline constexpr std::uint32_t kTxTse = 1U << 26;  // extended: segment
inline constexpr std::uint32_t kTxRs = 1U << 27;
inline constexpr std::uint32_t kTxRps = 1U << 28;   // legacy; as RS here
inline constexpr std::uint32_t kTxDext = 1U << 29;  // extended
inline constexpr std::uint32_t kTxVle = 1U << 30;
inline constexpr std::uint32_t kTxIde = 1U << 31;
inline constexpr std::uint32_t kTxContextTcp = 1U << 24;
inline constexpr std::uint32_t kTxContextIp = 1U << 25;  // IPv4
inline constexpr std::uint8_t kTxPoptsIxsm = 1U << 0;
inline constexpr std::uint8_t kTxPoptsTxsm = 1U << 1;

}  // namespace skiff::e1000
