// The interrupt translation service: Arm IHI 0069, chapter 5 (commands 5.3) and 12.19 (registers).
#include "arch/processor.h"
#include "guest/aarch64/runtime/gic.h"
#include "guest/aarch64/runtime/machine.h"
#include "guest/machine/interrupts.h"

enum {  // of the redistributor
  kControl = 0x00,
  kType = 0x08,
  kConfigurationTable = 0x70,
  kPendingTable = 0x78,
};
enum {  // of the ITS
  kCommandQueue = 0x80,
  kWritePointer = 0x88,
  kReadPointer = 0x90,
  kTables = 0x100,
  kTranslater = 0x10040,
};
enum { kCollections = 4, kDevices = 1, kTableCount = 8 };
enum { kMapDevice = 0x08, kMapCollection = 0x09, kMapEvent = 0x0a, kInvalidate = 0x0c, kSync = 5 };
enum {
  kLpis = 256,
  kIdBits = 14,
  kEventBits = 8,
  kMostDevices = 32,
  kEntryBytes = 16,  // at most: 8 are usual
  kPage64 = 65536,
  kTableBytes = 4096,
  kEnabled = 0xa1,  // priority 0xa0, enabled
};
// Inner shareable, write-back: as start.S maps memory. The two kinds of register have it in
// different places.
static const uint64_t kValid = 1ull << 63;
static const uint64_t kShareable = 1ull << 10, kInnerOfTables = 7ull << 59,
                      kInnerOfLpis = 7ull << 7;

static uint8_t pending[kPage64] __attribute__((aligned(65536)));
static uint8_t tables[2][kPage64] __attribute__((aligned(65536)));
static uint64_t commands[kTableBytes / 8] __attribute__((aligned(65536)));
static uint8_t configuration[(1 << kIdBits) - kFirstLpi] __attribute__((aligned(4096)));
static uint8_t translations[kMostDevices][kEntryBytes << kEventBits] __attribute__((aligned(256)));

static uint64_t its, collection_target;
static unsigned device_ids[kMostDevices], device_count, lpi_count;

static void command(uint64_t first, uint64_t second, uint64_t third) {
  const uint64_t at = read64(its + kWritePointer);
  volatile uint64_t* place = commands + at / 8;
  place[0] = first;
  place[1] = second;
  place[2] = third;
  place[3] = 0;
  const uint64_t next = (at + 32) % kTableBytes;
  __asm__ volatile("dsb sy" : : : "memory");
  write64(its + kWritePointer, next);
  while (read64(its + kReadPointer) != next) {
    processor_pause();
  }
}

static void give_tables(void) {
  unsigned used = 0;
  for (unsigned i = 0; i < kTableCount && used < 2; ++i) {
    const uint64_t at = its + kTables + 8ul * i;
    const unsigned kind = read64(at) >> 56 & 7;
    if (kind == kDevices || kind == kCollections) {
      // One page of 64 KiB, where the size of pages can be chosen.
      write64(at, kValid | kInnerOfTables | (uint64_t)tables[used++] | kShareable | 2ul << 8);
    }
  }
}

int its_init(uint64_t redistributor) {
  its = tree_wide(&machine.tree, tree_compatible(&machine.tree, "arm,gic-v3-its", 0), "reg", 0);
  if (!its) {
    return 0;
  }
  for (unsigned i = 0; i < kLpis; ++i) {
    configuration[i] = kEnabled;
  }
  write64(redistributor + kConfigurationTable,
          (uint64_t)configuration | kShareable | kInnerOfLpis | (kIdBits - 1));
  write64(redistributor + kPendingTable, (uint64_t)pending | kShareable | kInnerOfLpis);
  write32(redistributor + kControl, read32(redistributor + kControl) | 1);
  give_tables();
  write64(its + kCommandQueue, kValid | kInnerOfTables | (uint64_t)commands | kShareable);
  write64(its + kWritePointer, 0);
  write32(its + kControl, 1);
  // A redistributor is named by its address or its number (GITS_TYPER.PTA).
  const int by_address = read64(its + kType) >> 19 & 1;
  collection_target =
      by_address ? redistributor : (read64(redistributor + kType) >> 8 & 0xffff) << 16;
  command(kMapCollection, 0, kValid | collection_target);
  command(kSync, 0, collection_target);
  return 1;
}

static int know_device(unsigned id) {
  for (unsigned i = 0; i < device_count; ++i) {
    if (device_ids[i] == id) {
      return 1;
    }
  }
  if (device_count == kMostDevices) {
    return 0;
  }
  device_ids[device_count] = id;
  command(kMapDevice | (uint64_t)id << 32, kEventBits - 1,
          kValid | (uint64_t)translations[device_count]);
  ++device_count;
  return 1;
}

int its_map(unsigned device, struct InterruptMessage* message, unsigned* number) {
  if (lpi_count == kLpis || !know_device(device)) {
    return 0;
  }
  const unsigned event = lpi_count;  // of all devices: one has no event of another's number
  *number = kFirstLpi + lpi_count++;
  command(kMapEvent | (uint64_t)device << 32, (uint64_t)*number << 32 | event, 0);
  command(kInvalidate | (uint64_t)device << 32, event, 0);
  command(kSync, 0, collection_target);
  *message = (struct InterruptMessage){its + kTranslater, event};
  return 1;
}
