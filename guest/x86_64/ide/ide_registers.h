// ATA/ATAPI-6: 7 (registers), 8 (commands). Bus Master IDE 1.0: 2.1.
#pragma once

enum {  // of the command block
  kData = 0,
  kFeatures = 1,
  kSectorCount = 2,
  kLbaLow = 3,
  kLbaMid = 4,
  kLbaHigh = 5,
  kDevice = 6,
  kStatus = 7,
  kCommand = 7,
};
enum { kBusy = 0x80, kFault = 0x20, kRequest = 0x08, kError = 0x01 };
enum { kDeviceLba = 0xe0 };

enum {
  kReadSectors = 0x20,
  kReadSectorsExt = 0x24,
  kReadDmaExt = 0x25,
  kReadMultipleExt = 0x29,
  kWriteSectors = 0x30,
  kWriteSectorsExt = 0x34,
  kWriteDmaExt = 0x35,
  kWriteMultipleExt = 0x39,
  kReadMultiple = 0xc4,
  kWriteMultiple = 0xc5,
  kSetMultiple = 0xc6,
  kReadDma = 0xc8,
  kWriteDma = 0xca,
  kIdentifyDevice = 0xec,
  kSetFeatures = 0xef,
};

enum { kBusMasterCommand = 0, kBusMasterStatus = 2, kTable = 4 };
enum { kStart = 1, kToMemory = 8, kDmaError = 2, kDmaInterrupt = 4 };
