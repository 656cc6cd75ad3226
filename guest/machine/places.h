// What a hostile driver has to know of this machine's addresses: places to which no device should
// be led, and messages that must come to nothing.
#pragma once

#include <stdint.h>

// Finds them. With privilege, once.
void places_init(void);

// RAM is from `start` to `end`; above 4 GiB there may be more of it, to `high_end` (0: there is
// none).
struct RamEdges {
  uint64_t start, end, high_end;
};
struct RamEdges ram_edges(void);

enum MachinePlace {
  kPlaceHole,           // nothing is there
  kPlaceController,     // registers of the interrupt controller
  kPlaceController2,    // and of its other part
  kPlaceConfiguration,  // PCI configuration space
  kPlaceHost,           // what the host keeps for itself, or emulates by itself
  kPlaceEdge,           // 256 bytes below where something else begins
  kMachinePlaces,
};
struct NamedPlace {
  const char* name;  // with its article
  uint64_t address;
};
struct NamedPlace machine_place(enum MachinePlace which);

// Of a device that may send messages; those that the architecture gives a meaning, wrongly used.
struct NamedMessage {
  const char* name;
  uint64_t address;
  uint32_t data;
};
enum { kWrongMessages = 9 };
struct NamedMessage wrong_message(unsigned index);
