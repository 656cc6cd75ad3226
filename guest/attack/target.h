// The device under attack: how it is started, fed with a request that must be answered, and what of
// the guest's memory may not change.
#pragma once

#include <stdint.h>

#include "guest/machine/interrupts.h"
#include "guest/virtio/block.h"
#include "guest/virtio/device.h"
#include "guest/virtio/queue.h"

enum { kBufferSize = 65536, kGuardSize = 4096, kTableEntries = 1024, kQueues = 4 };

struct Target {
  struct VirtioDevice* device;
  struct InterruptMessage message;  // one that is in order, and that nobody waits for
  struct VirtQueue queues[kQueues];
  unsigned queue_count;
  struct VirtQueue* main;  // where requests go: blk 0, net 1, console 1, rng 0
  uint64_t ring_features;
  int live;  // DRIVER_OK, queues as queue_create left them, nothing in flight
};

// Memory that attacks use; the same for all.
struct Arena {
  struct BlkHeader* header;       // a valid one: read of sector 0
  volatile uint8_t* status;       // one byte
  uint8_t* buffer;                // kBufferSize, for whatever the device likes to do to it
  uint8_t* guard;                 // kGuardSize, given to the device to read only
  struct SplitDescriptor* table;  // kTableEntries, for indirect descriptors
  uint64_t ram_start, ram_end;    // of RAM below 4 GiB
  uint64_t high_ram_end;          // of RAM above, or 0
};
extern struct Arena arena;
void arena_init(void);

// Negotiates, creates the queues, sets DRIVER_OK. 0 if the device does not go along.
int target_start(struct Target* target);
// Up to and with FEATURES_OK; no queues.
int target_negotiate(struct Target* target);
uint64_t target_wanted_features(unsigned type);
int target_create_queues(struct Target* target);
// A request that a sound device answers; 0 if it does not, or not rightly.
int target_clean_request(struct Target* target);

// What the device did.
enum Reaction { kSilent, kAnswered, kNeedsReset };
// Notifies the queue whether the device wants it or not, and looks for a few milliseconds.
enum Reaction target_react(struct Target* target);
extern enum Reaction last_reaction;
// A request that is not waited for: they keep coming while the ground moves.
void target_push(struct Target* target);

// --- Rings by hand ---
struct Piece {
  uint64_t address;
  uint32_t length;
  uint16_t flags;  // as in a descriptor; in a packed ring available and used are added
  uint16_t next;   // split and indirect only
};
// Puts the pieces into descriptors 0, 1, ... (split) or at the ring's next place (packed) as they
// are, and makes the first available.
void put_chain(struct Target* target, const struct Piece* pieces, unsigned count);
// As put_chain, in a table of its own that one indirect descriptor of `length` bytes names.
void put_indirect(struct Target* target, const struct Piece* pieces, unsigned count,
                  uint32_t length);
void put_available(struct Target* target, uint16_t head);  // split
