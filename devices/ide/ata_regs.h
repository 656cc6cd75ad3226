// Registers, bits and command codes of an ATA device, by the standard's names.
// Source: AT Attachment with Packet Interface 6 (ATA/ATAPI-6, T13/1410D revision 3b), 7 (registers)
// and 8 (commands); the TRIM function is ATA8-ACS's (T13/1699D), 7.10.
#pragma once

#include <cstdint>

namespace skiff::ata {

inline constexpr std::uint32_t kSectorSize = 512;  // [bytes]

// Offsets in the command block (7.2). The control block has one register (7.8, 7.3).
inline constexpr std::uint64_t kData = 0;
inline constexpr std::uint64_t kError = 1;     // read
inline constexpr std::uint64_t kFeatures = 1;  // write
inline constexpr std::uint64_t kCount = 2;
inline constexpr std::uint64_t kLbaLow = 3;
inline constexpr std::uint64_t kLbaMid = 4;
inline constexpr std::uint64_t kLbaHigh = 5;
inline constexpr std::uint64_t kDevice = 6;
inline constexpr std::uint64_t kStatus = 7;   // read
inline constexpr std::uint64_t kCommand = 7;  // write
inline constexpr std::uint64_t kCommandBlockSize = 8;

// Status (7.15).
inline constexpr std::uint8_t kBsy = 0x80;
inline constexpr std::uint8_t kDrdy = 0x40;
inline constexpr std::uint8_t kDf = 0x20;
inline constexpr std::uint8_t kDsc = 0x10;  // obsolete since ATA-4; drivers still look at it
inline constexpr std::uint8_t kDrq = 0x08;
inline constexpr std::uint8_t kErr = 0x01;

// Error (7.11).
inline constexpr std::uint8_t kUnc = 0x40;
inline constexpr std::uint8_t kIdnf = 0x10;
inline constexpr std::uint8_t kAbrt = 0x04;
inline constexpr std::uint8_t kDiagnosticPassed = 0x01;  // after a reset

// Device (7.10).
inline constexpr std::uint8_t kLba = 0x40;
inline constexpr std::uint8_t kDev = 0x10;
inline constexpr std::uint8_t kDeviceObsolete = 0xa0;  // ones on old drives, kept as written

// Device control (7.9).
inline constexpr std::uint8_t kHob = 0x80;
inline constexpr std::uint8_t kSrst = 0x04;
inline constexpr std::uint8_t kNien = 0x02;

// A packet device's names for two bits and two registers (7, 9.5 to 9.9): Count is its Interrupt
// Reason, LBA Mid and High are the byte count.
inline constexpr std::uint8_t kReasonCommand = 0x01;  // C/D: a command packet, or status; else data
inline constexpr std::uint8_t kReasonToHost = 0x02;   // I/O
inline constexpr std::uint8_t kFeatureDma = 0x01;     // PACKET's Features
inline constexpr std::uint8_t kFeatureOverlap = 0x02;
inline constexpr std::uint8_t kPacketSignatureMid = 0x14;  // 9.12
inline constexpr std::uint8_t kPacketSignatureHigh = 0xeb;

// Commands (8, and annex of codes). A second name's code: obsolete, drivers of old systems use it.
inline constexpr std::uint8_t kDataSetManagement = 0x06;
inline constexpr std::uint8_t kDeviceReset = 0x08;
inline constexpr std::uint8_t kRecalibrate = 0x10;  // to 0x1f
inline constexpr std::uint8_t kReadSectors = 0x20;  // and 0x21
inline constexpr std::uint8_t kReadSectorsExt = 0x24;
inline constexpr std::uint8_t kReadDmaExt = 0x25;
inline constexpr std::uint8_t kReadNativeMaxExt = 0x27;
inline constexpr std::uint8_t kReadMultipleExt = 0x29;
inline constexpr std::uint8_t kWriteSectors = 0x30;  // and 0x31
inline constexpr std::uint8_t kWriteSectorsExt = 0x34;
inline constexpr std::uint8_t kWriteDmaExt = 0x35;
inline constexpr std::uint8_t kWriteMultipleExt = 0x39;
inline constexpr std::uint8_t kWriteDmaFuaExt = 0x3d;
inline constexpr std::uint8_t kReadVerify = 0x40;  // and 0x41
inline constexpr std::uint8_t kReadVerifyExt = 0x42;
inline constexpr std::uint8_t kSeek = 0x70;  // to 0x7f
inline constexpr std::uint8_t kExecuteDiagnostic = 0x90;
inline constexpr std::uint8_t kInitializeParameters = 0x91;
inline constexpr std::uint8_t kPacket = 0xa0;
inline constexpr std::uint8_t kIdentifyPacketDevice = 0xa1;
inline constexpr std::uint8_t kReadMultiple = 0xc4;
inline constexpr std::uint8_t kWriteMultiple = 0xc5;
inline constexpr std::uint8_t kSetMultiple = 0xc6;
inline constexpr std::uint8_t kReadDma = 0xc8;   // and 0xc9
inline constexpr std::uint8_t kWriteDma = 0xca;  // and 0xcb
inline constexpr std::uint8_t kWriteMultipleFuaExt = 0xce;
inline constexpr std::uint8_t kStandbyImmediate = 0xe0;  // and 0x94
inline constexpr std::uint8_t kIdleImmediate = 0xe1;     // and 0x95
inline constexpr std::uint8_t kStandby = 0xe2;           // and 0x96
inline constexpr std::uint8_t kIdle = 0xe3;              // and 0x97
inline constexpr std::uint8_t kCheckPowerMode = 0xe5;    // and 0x98
inline constexpr std::uint8_t kSleep = 0xe6;             // and 0x99
inline constexpr std::uint8_t kFlushCache = 0xe7;
inline constexpr std::uint8_t kFlushCacheExt = 0xea;
inline constexpr std::uint8_t kIdentifyDevice = 0xec;
inline constexpr std::uint8_t kSetFeatures = 0xef;
inline constexpr std::uint8_t kReadNativeMax = 0xf8;

// DATA SET MANAGEMENT: the TRIM bit of Features; 8-byte entries, 48 bits of LBA below a count.
inline constexpr std::uint8_t kTrim = 0x01;
inline constexpr std::uint32_t kTrimEntrySize = 8;  // [bytes]

// SET FEATURES subcommands (8.46).
inline constexpr std::uint8_t kEnableWriteCache = 0x02;
inline constexpr std::uint8_t kSetTransferMode = 0x03;
inline constexpr std::uint8_t kDisableLookAhead = 0x55;
inline constexpr std::uint8_t kKeepDefaults = 0x66;  // through a software reset
inline constexpr std::uint8_t kDisableWriteCache = 0x82;
inline constexpr std::uint8_t kEnableLookAhead = 0xaa;
inline constexpr std::uint8_t kRevertDefaults = 0xcc;

// Transfer modes in the Count register (table 45).
inline constexpr std::uint8_t kMultiwordDma = 0x20;
inline constexpr std::uint8_t kUltraDma = 0x40;

}  // namespace skiff::ata
