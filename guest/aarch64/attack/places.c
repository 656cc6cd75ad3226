#include "guest/machine/places.h"

#include "arch/processor.h"
#include "guest/aarch64/runtime/machine.h"
#include "guest/aarch64/runtime/registers_map.h"

enum { kNothing = 0x100000, kEdge = 256 };
enum { kTranslater = 0x10040 };                      // IHI 0069, 12.19: GITS_TRANSLATER
enum { kMessageType = 0x008, kMessageSet = 0x040 };  // DEN 0029, appendix E
enum { kSetSpi = 0x0040, kSetLpi = 0x0040, kSomeSpi = 40, kFirstLpi = 8192 };

static struct NamedPlace places[kMachinePlaces];
static struct NamedMessage messages[kWrongMessages];

static uint64_t register_of(const char* compatible, unsigned index) {
  return tree_wide(&machine.tree, tree_compatible(&machine.tree, compatible, 0), "reg", index);
}

static void find_messages(uint64_t its, uint64_t frame, uint64_t distributor, uint64_t second) {
  const uint64_t doorbell = its ? its + kTranslater : frame + kMessageSet;
  // Events of an ITS, of which programs map the first few; or a frame's interrupts.
  const uint32_t type = its || !frame ? 0 : read32(frame + kMessageType);
  const uint32_t first = type >> 16 & 0x3ff;
  const uint32_t past = first + (its ? 256 : type & 0x3ff);
  const struct NamedMessage found[kWrongMessages] = {
      {"of-one-that-is-not-mapped", doorbell, past - 1},
      {"of-one-past-the-last", doorbell, past},
      {"of-0xffff", doorbell, 0xffff},
      {"of-ones", doorbell, 0xffffffff},
      {"to-another-register", its ? its : frame, 0},
      {"to-the-distributor", distributor + kSetSpi, kSomeSpi},
      {"to-its-second-part", second + kSetLpi, kFirstLpi},
      {"beyond-4-gib", doorbell + (1ull << 32), 0},
      {"misaligned", doorbell + 1, 0},
  };
  for (unsigned i = 0; i < kWrongMessages; ++i) {
    messages[i] = found[i];
  }
}

void places_init(void) {
  map_registers_for_any_access();
  const uint64_t its = register_of("arm,gic-v3-its", 0);
  const uint64_t frame = register_of("arm,gic-v2m-frame", 0);
  const char* gic =
      tree_compatible(&machine.tree, "arm,gic-v3", 0) ? "arm,gic-v3" : "arm,cortex-a15-gic";
  const uint64_t distributor = register_of(gic, 0);
  const uint64_t second = register_of(gic, 2);
  places[kPlaceHole] = (struct NamedPlace){"the-hole", kNothing};
  places[kPlaceController] = (struct NamedPlace){"the-distributor", distributor};
  places[kPlaceController2] = (struct NamedPlace){"its-second-part", second};
  places[kPlaceConfiguration] =
      (struct NamedPlace){"ecam", register_of("pci-host-ecam-generic", 0)};
  places[kPlaceHost] = (struct NamedPlace){"the-message-registers", its ? its : frame};
  places[kPlaceEdge] = (struct NamedPlace){"the-start-of-ram", machine.memory_start - kEdge};
  find_messages(its, frame, distributor, second);
}

struct RamEdges ram_edges(void) {
  const uint64_t end = machine.memory_end;
  return (struct RamEdges){machine.memory_start, end, end >> 32 ? end : 0};
}

struct NamedPlace machine_place(enum MachinePlace which) {
  return places[which];
}

struct NamedMessage wrong_message(unsigned index) {
  return messages[index];
}
