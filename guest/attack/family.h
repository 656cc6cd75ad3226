// The table of attacks: families of rows that share a function and what they may be tried on.
#pragma once

#include <stdint.h>

#include "guest/attack/target.h"
#include "guest/machine/places.h"

enum {  // kinds, by device type
  kNet = 1 << kVirtioNet,
  kBlk = 1 << kVirtioBlk,
  kConsole = 1 << kVirtioConsole,
  kRng = 1 << kVirtioRng,
  kAnyKind = kNet | kBlk | kConsole | kRng,
};
enum { kPci = 1, kMmio = 2, kBoth = 3 };
enum { kFresh = 0, kSplit = 1, kPacked = 2, kEither = 3 };

struct Family {
  const char* name;
  uint8_t kinds;
  uint8_t transports;
  uint8_t rings;     // kFresh: the device was reset; else it is live, on such a ring
  uint64_t without;  // ring features not to negotiate
  unsigned count;
  const char* (*name_of)(unsigned row);
  void (*run)(struct Target* target, unsigned row);
};

// Rows that are functions.
struct Row {
  const char* name;
  void (*run)(struct Target* target, unsigned long argument);
  unsigned long argument;
};
#define FAMILY_OF_ROWS(variable, rows)                              \
  static const char* variable##_name(unsigned row) {                \
    return rows[row].name;                                          \
  }                                                                 \
  static void variable##_run(struct Target* target, unsigned row) { \
    rows[row].run(target, rows[row].argument);                      \
  }
#define ROWS(variable, rows) sizeof(rows) / sizeof *(rows), variable##_name, variable##_run

extern const struct Family family_status, family_features, family_queue_set_up, family_areas,
    family_split, family_packed, family_tables, family_buffers, family_chains, family_indirect,
    family_indirect_refused, family_reset, family_notify, family_sweeps, family_pci,
    family_pci_live, family_pci_access, family_mmio, family_blk, family_blk_types, family_net,
    family_console, family_rng, family_net_control, family_ports, family_two;

// Where a bad address leads, and bad lengths; see buffers.c.
struct BadPlace {
  const char* name;
  uint64_t address;
  uint32_t length;
  const char* what;  // the rest of its name, if the machine has a word in it
};
enum { kBadPlaces = 24 };
struct BadPlace bad_place(const struct Target* target, unsigned index);
const char* bad_place_name(unsigned index);
// "FIRST-SECOND" in a static buffer; the one before it stays.
const char* joined(const char* first, const char* second);
