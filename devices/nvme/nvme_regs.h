// Numbers and layouts of an NVMe controller.
// Source: NVM Express 1.4, 3.1 (registers), 4.2 (commands), 4.6 (completions), 5 (admin commands),
// 6 (NVM commands).
#pragma once

#include <cstddef>
#include <cstdint>

namespace skiff::nvme {

// Controller registers (3.1), offsets into BAR 0.
inline constexpr std::uint64_t kCap = 0x00;  // 8 bytes
inline constexpr std::uint64_t kVs = 0x08;
inline constexpr std::uint64_t kIntms = 0x0c;
inline constexpr std::uint64_t kIntmc = 0x10;
inline constexpr std::uint64_t kCc = 0x14;
inline constexpr std::uint64_t kCsts = 0x1c;
inline constexpr std::uint64_t kNssr = 0x20;  // reserved here: CAP.NSSRS is 0
inline constexpr std::uint64_t kAqa = 0x24;
inline constexpr std::uint64_t kAsq = 0x28;     // 8 bytes
inline constexpr std::uint64_t kAcq = 0x30;     // 8 bytes
inline constexpr std::uint64_t kCmbloc = 0x38;  // and CMBSZ: no controller memory buffer
inline constexpr std::uint64_t kCmbsz = 0x3c;
inline constexpr std::uint64_t kRegistersEnd = 0x40;
// SQ0TDBL; then CQ0HDBL, SQ1TDBL, ... each 4 bytes behind the one before (CAP.DSTRD = 0).
inline constexpr std::uint64_t kDoorbells = 0x1000;

inline constexpr std::uint32_t kVersion = 0x0001'0400;

// CAP (3.1.1)
inline constexpr unsigned kMemoryPage = 4096;  // MPSMIN = MPSMAX = 0
inline constexpr std::uint32_t kMaxQueueEntries = 1024;
inline constexpr std::uint64_t kCapContiguous = 1ULL << 16;
inline constexpr unsigned kCapTimeoutShift = 24;  // [500 ms]
inline constexpr std::uint64_t kCapNvmCommands = 1ULL << 37;

// CC (3.1.5)
inline constexpr std::uint32_t kCcEnable = 1;
inline constexpr std::uint32_t kCcCommandSet = 7U << 4;
inline constexpr std::uint32_t kCcPageSize = 15U << 7;
inline constexpr std::uint32_t kCcArbitration = 7U << 11;
inline constexpr std::uint32_t kCcShutdown = 3U << 14;
inline constexpr unsigned kCcSqEntryShift = 16;  // 4 bits, log2
inline constexpr unsigned kCcCqEntryShift = 20;
inline constexpr std::uint32_t kCcWritable = 0x00ff'fff1;

// CSTS (3.1.6)
inline constexpr std::uint32_t kCstsReady = 1;
inline constexpr std::uint32_t kCstsFatal = 2;
inline constexpr std::uint32_t kCstsShutdown = 3U << 2;
inline constexpr std::uint32_t kCstsShutdownBusy = 1U << 2;
inline constexpr std::uint32_t kCstsShutdownDone = 2U << 2;

inline constexpr std::uint32_t kNamespace = 1;
inline constexpr std::uint32_t kAllNamespaces = 0xffff'ffff;

// The largest transfer of one command: MDTS pages. [bytes]
inline constexpr std::uint8_t kMdts = 8;  // log2 of pages
inline constexpr std::uint32_t kMaxTransfer = kMemoryPage << kMdts;

// A submission queue entry (4.2).
struct Command {
  std::uint8_t opcode = 0;
  std::uint8_t flags = 0;  // FUSE (bits 0, 1), PSDT (bits 6, 7)
  std::uint16_t cid = 0;
  std::uint32_t nsid = 0;
  std::uint32_t dw2 = 0;
  std::uint32_t dw3 = 0;
  std::uint64_t metadata = 0;
  std::uint64_t prp1 = 0;
  std::uint64_t prp2 = 0;
  std::uint32_t dw10 = 0;
  std::uint32_t dw11 = 0;
  std::uint32_t dw12 = 0;
  std::uint32_t dw13 = 0;
  std::uint32_t dw14 = 0;
  std::uint32_t dw15 = 0;
};
static_assert(sizeof(Command) == 64);

// A completion queue entry (4.6).
struct Completion {
  std::uint32_t result;  // dword 0, command specific
  std::uint32_t reserved;
  std::uint16_t sq_head;
  std::uint16_t sq_id;
  std::uint16_t cid;
  std::uint16_t status;  // bit 0: phase; above it a Status
};
static_assert(sizeof(Completion) == 16);

// Admin commands (5).
inline constexpr std::uint8_t kDeleteSq = 0x00;
inline constexpr std::uint8_t kCreateSq = 0x01;
inline constexpr std::uint8_t kGetLogPage = 0x02;
inline constexpr std::uint8_t kDeleteCq = 0x04;
inline constexpr std::uint8_t kCreateCq = 0x05;
inline constexpr std::uint8_t kIdentify = 0x06;
inline constexpr std::uint8_t kAbort = 0x08;
inline constexpr std::uint8_t kSetFeatures = 0x09;
inline constexpr std::uint8_t kGetFeatures = 0x0a;
inline constexpr std::uint8_t kAsyncEvent = 0x0c;
inline constexpr std::uint8_t kKeepAlive = 0x18;
inline constexpr std::uint8_t kDoorbellBuffer = 0x7c;
inline constexpr std::uint8_t kFormat = 0x80;

// NVM commands (6).
inline constexpr std::uint8_t kFlush = 0x00;
inline constexpr std::uint8_t kWrite = 0x01;
inline constexpr std::uint8_t kRead = 0x02;
inline constexpr std::uint8_t kWriteZeroes = 0x08;
inline constexpr std::uint8_t kDatasetManagement = 0x09;

inline constexpr std::uint32_t kForceUnitAccess = 1U << 30;  // dword 12
inline constexpr std::uint32_t kDeallocate = 1U << 25;       // dword 12 of WRITE ZEROES
inline constexpr std::uint32_t kDsmDeallocate = 1U << 2;     // dword 11 of DATASET MANAGEMENT

struct DsmRange {
  std::uint32_t attributes;
  std::uint32_t blocks;
  std::uint64_t first;
};
static_assert(sizeof(DsmRange) == 16);

// Features (5.21.1).
inline constexpr std::uint8_t kFeatureArbitration = 0x01;
inline constexpr std::uint8_t kFeaturePower = 0x02;
inline constexpr std::uint8_t kFeatureTemperature = 0x04;
inline constexpr std::uint8_t kFeatureErrorRecovery = 0x05;
inline constexpr std::uint8_t kFeatureWriteCache = 0x06;
inline constexpr std::uint8_t kFeatureQueues = 0x07;
inline constexpr std::uint8_t kFeatureCoalescing = 0x08;
inline constexpr std::uint8_t kFeatureVector = 0x09;
inline constexpr std::uint8_t kFeatureAtomicity = 0x0a;
inline constexpr std::uint8_t kFeatureAsyncEvents = 0x0b;

// Log pages (5.14.1).
inline constexpr std::uint8_t kLogErrors = 0x01;
inline constexpr std::uint8_t kLogHealth = 0x02;
inline constexpr std::uint8_t kLogFirmware = 0x03;
inline constexpr std::uint8_t kLogChangedNamespaces = 0x04;

// Status code and type (4.6.1): bits 0-7 the code, 8-10 its type, 14 "do not retry".
enum class Status : std::uint16_t {
  success = 0,
  invalid_opcode = 0x4001,
  invalid_field = 0x4002,
  data_transfer_error = 0x4004,
  internal_error = 0x0006,
  abort_requested = 0x0007,
  invalid_namespace = 0x400b,
  command_sequence = 0x400c,
  invalid_prp_offset = 0x4013,
  write_protected = 0x4020,
  lba_out_of_range = 0x4080,
  capacity_exceeded = 0x4081,
  completion_queue_invalid = 0x4100,
  invalid_queue_id = 0x4101,
  invalid_queue_size = 0x4102,
  too_many_async_events = 0x4105,
  invalid_firmware_slot = 0x4106,
  invalid_vector = 0x4108,
  invalid_log_page = 0x4109,
  invalid_queue_deletion = 0x410c,
  not_saveable = 0x410d,
  not_changeable = 0x410e,
  write_fault = 0x0280,
  unrecovered_read = 0x0281,
};

}  // namespace skiff::nvme
