// virtio-attack: a hostile driver. Runs a table of attacks on every virtio device there is, and
// after each resets the device, starts it again, and makes a request that must be answered. Checks
// too that memory the device was only given to read is unchanged, and that after a reset nothing is
// written any more. Prints `attack N NAME: ok (what the device did)` or `FAIL`, at the end
// `attacks: N, survived: N`; status 1 if any failed.
//   transport=pci|mmio  kind=blk|net|console|rng  ring=split|packed|fresh  family=NAME  name=TEXT
//   (a part of it)  number=N (with the other words as they were)  list (names only)  quiet
//   (failures only)

#include "guest/attack/family.h"
#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/clock.h"
#include "guest/machine/console.h"
#include "guest/machine/places.h"
#include "guest/machine/processors.h"
#include "guest/machine/program.h"
#include "guest/machine/unprivileged.h"
#include "guest/virtio/completion.h"
#include "guest/virtio/deadline.h"
#include "guest/virtio/pool.h"

static const struct Family* const kFamilies[] = {
    &family_status,
    &family_features,
    &family_queue_set_up,
    &family_areas,
    &family_split,
    &family_packed,
    &family_tables,
    &family_buffers,
    &family_chains,
    &family_indirect,
    &family_indirect_refused,
    &family_reset,
    &family_notify,
    &family_sweeps,
    &family_pci_live,
    &family_pci,
    &family_mmio,
    &family_blk,
    &family_blk_types,
    &family_net,
    &family_console,
    &family_ports,
    &family_rng,
    &family_net_control,
    &family_two,
    &family_pci_access,
};
enum { kMaxDevices = 16, kGuardSeed = 0x67, kAfterSeed = 0x61 };

static struct VirtioDevice devices[kMaxDevices];
static struct InterruptMessage messages[kMaxDevices];
static struct Target target;
static const char* line;
static int two_processors;
static unsigned long number, only_number, survived, run_count;

static const char* ring_name(uint8_t ring) {
  return ring == kPacked ? "packed" : ring == kSplit ? "split" : "fresh";
}

// The value of `key=` begins with, or for `name=` is contained in, the text.
static int allowed(const char* key, const char* text) {
  unsigned long i;
  for (const char* at = line; *at; ++at) {
    if (at != line && at[-1] != ' ') {
      continue;
    }
    for (i = 0; key[i] && at[i] == key[i]; ++i) {
    }
    if (key[i] || at[i] != '=') {
      continue;
    }
    const char* want = at + i + 1;
    for (const char* start = text; *start; ++start) {
      for (i = 0; want[i] && want[i] != ' ' && start[i] == want[i]; ++i) {
      }
      if (!want[i] || want[i] == ' ') {
        return 1;
      }
    }
    return 0;
  }
  return 1;
}

static void print_attack(const struct Family* family, unsigned row, uint8_t ring) {
  print_number("attack ", number, " ");
  virtio_print_name(target.device);
  print(" ");
  print(ring_name(ring));
  print(" ");
  print(family->name);
  print("/");
  print(family->name_of(row));
}

static const char* bring_up(uint8_t ring, uint64_t without) {
  target.ring_features = (feature(kFeatureIndirectDesc) | feature(kFeatureEventIdx)) & ~without;
  if (ring == kPacked) {
    target.ring_features |= feature(kFeatureRingPacked);
  }
  return target_start(&target) ? 0 : "it does not start";
}

// What must hold after the attack; null if it does.
static const char* verdict(uint8_t ring, uint64_t without) {
  target.live = 0;
  if (!virtio_restore(target.device)) {
    return "it does not reset";
  }
  if (!pattern_is(arena.guard, kGuardSize, kGuardSeed)) {
    return "it wrote to memory that was for reading";
  }
  pattern_fill(arena.buffer + 2048, kBufferSize - 2048, kAfterSeed);
  const char* failure = bring_up(ring ? ring : kSplit, without);
  if (failure) {
    return failure;
  }
  if (!target_clean_request(&target)) {
    return virtio_status(target.device) & kStatusNeedsReset ? "it needs a reset again"
                                                            : "no right answer";
  }
  return pattern_is(arena.buffer + 2048, kBufferSize - 2048, kAfterSeed)
             ? 0
             : "it wrote to memory after the reset";
}

static void attack(const struct Family* family, unsigned row, uint8_t ring) {
  ++number;
  if ((only_number && number != only_number) || !allowed("name", family->name_of(row))) {
    return;
  }
  if (text_has_word(line, "list")) {
    print_attack(family, row, ring);
    print("\n");
    return;
  }
  const char* failure = 0;
  if (ring == kFresh) {
    target.ring_features = feature(kFeatureIndirectDesc) | feature(kFeatureEventIdx);
    failure = virtio_reset(target.device) ? 0 : "it does not reset before";
    target.live = 0;
    target.queue_count = 0;
  } else if (!target.live) {
    failure = bring_up(ring, family->without);
  }
  ++run_count;
  last_reaction = kSilent;
  if (!failure) {
    pattern_fill(arena.guard, kGuardSize, kGuardSeed);
    family->run(&target, row);
    failure = verdict(ring, family->without);
  }
  survived += !failure;
  if (!failure && text_has_word(line, "quiet")) {
    return;
  }
  print_attack(family, row, ring);
  if (failure) {
    print(": FAIL ");
    print(failure);
    print("\n");
    (void)virtio_restore(target.device);
    return;
  }
  static const char* const kReactions[] = {"silent", "answered", "needs reset"};
  print(": ok (");
  print(kReactions[last_reaction]);
  print(")\n");
}

static void run_family(const struct Family* family, uint8_t ring) {
  if (!allowed("ring", ring_name(ring)) || !allowed("family", family->name)) {
    return;
  }
  target.live = 0;
  for (unsigned row = 0; row < family->count; ++row) {
    attack(family, row, ring);
  }
}

static void run_device(struct VirtioDevice* device, struct InterruptMessage message) {
  target.device = device;
  target.message = message;
  const int has_packed = (virtio_device_features(device) & feature(kFeatureRingPacked)) != 0;
  for (unsigned i = 0; i < sizeof kFamilies / sizeof *kFamilies; ++i) {
    const struct Family* family = kFamilies[i];
    if (!(family->kinds >> device->type & 1) ||
        !(family->transports & (device->is_pci ? kPci : kMmio)) ||
        (family == &family_two && !two_processors)) {
      continue;
    }
    if (family->rings == kFresh) {
      run_family(family, kFresh);
    }
    if (family->rings & kSplit) {
      run_family(family, kSplit);
    }
    if ((family->rings & kPacked) && has_packed) {
      run_family(family, kPacked);
    }
  }
  (void)virtio_restore(device);
}

static unsigned long run_all(unsigned long count) {
  for (unsigned long i = 0; i < count; ++i) {
    const struct VirtioDevice* device = devices + i;
    if (device->type <= kVirtioRng && allowed("kind", virtio_type_name(device->type)) &&
        allowed("transport", device->is_pci ? "pci" : "mmio")) {
      run_device(devices + i, messages[i]);
    }
  }
  return 0;
}

int program_main(const char* command_line) {
  line = command_line;
  only_number = text_number(line, "number", 0);
  completion_init();
  (void)cycles_per_millisecond();
  places_init();
  arena_init();
  const unsigned count = virtio_find(line, devices, kMaxDevices);
  interrupts_set(kVectorDevice, interrupts_end);
  for (unsigned i = 0; i < count; ++i) {
    if (devices[i].is_pci) {
      messages[i] = interrupts_message(pci_requester(devices[i].function), kVectorDevice);
    }
  }
  uint64_t ids[2];
  two_processors = processors_list(ids, 2) == 2;
  print_number("devices: ", count, two_processors ? ", two processors\n" : "\n");
  unprivileged_call(run_all, count);  // which is fast everywhere
  print_number("attacks: ", run_count, "");
  print_number(", survived: ", survived, "\n");
  while (text_has_word(line, "wait") && !console_has_input()) {
    sleep_milliseconds(1);
  }
  return run_count == 0 || survived != run_count;
}
