// The driver's side of one virtqueue, split (2.7) or packed (2.8), with indirect descriptors and
// event indices where negotiated. Everything but queue_create may run unprivileged.
#pragma once

#include <stdint.h>

#include "guest/virtio/device.h"

struct Segment {
  const volatile void* address;
  uint32_t length;
  int writable;  // by the device; such segments come last
};

enum { kMaxSegments = 18 };

struct SplitDescriptor {
  uint64_t address;
  uint32_t length;
  uint16_t flags;
  uint16_t next;
};
struct PackedDescriptor {
  uint64_t address;
  uint32_t length;
  uint16_t id;
  uint16_t flags;
};
struct SplitAvailable {
  uint16_t flags;
  uint16_t index;
  uint16_t ring[];  // then used_event
};
struct UsedElement {
  uint32_t id;
  uint32_t length;
};
struct SplitUsed {
  uint16_t flags;
  uint16_t index;
  struct UsedElement ring[];  // then avail_event
};
struct EventSuppression {  // 2.8.14
  uint16_t descriptor;     // bit 15: wrap counter
  uint16_t flags;
};

enum {  // 2.7.5, 2.8.1
  kDescriptorNext = 1,
  kDescriptorWrite = 2,
  kDescriptorIndirect = 4,
  kPackedAvailable = 1 << 7,
  kPackedUsed = 1 << 15,
};
enum { kEventEnable = 0, kEventDisable = 1, kEventDescriptor = 2 };

struct VirtQueue {
  struct VirtioDevice* device;
  unsigned index;
  uint16_t size;
  int packed, indirect, event_index;
  uint64_t notify_address;

  volatile struct SplitDescriptor* split;  // split: the three areas of 2.7
  volatile struct SplitAvailable* available;
  volatile struct SplitUsed* used;
  volatile struct PackedDescriptor* ring;  // packed: the three areas of 2.8
  volatile struct EventSuppression* driver_events;
  volatile struct EventSuppression* device_events;

  void** tokens;    // by descriptor (split) or buffer id (packed)
  uint16_t* slots;  // by the same: how many ring entries the chain took
  uint16_t* free;   // a stack of free descriptors or ids
  uint16_t free_count;
  uint16_t free_slots;                      // packed: entries of the ring nothing is in
  volatile struct SplitDescriptor* tables;  // kMaxSegments for each descriptor or id

  uint16_t next_available;  // split: avail.idx; packed: place in the ring
  uint16_t notified;        // next_available when the device was last told
  uint16_t last_used;
  int available_wrap, used_wrap;  // packed
  int interrupts_wanted;

  uint64_t notifications;  // sent
};

// Memory for a ring of at most `limit` entries (0: as many as the device takes), registers written,
// enabled. The device's features must have been negotiated. 0 if there is no such queue.
int queue_create(struct VirtQueue* queue, struct VirtioDevice* device, unsigned index,
                 unsigned limit);

// Makes a chain available, not yet announced. 0 if there is no room.
int queue_add(struct VirtQueue* queue, const struct Segment* segments, unsigned count, void* token);
// Announces what was added since the last time, if the device wants to know.
void queue_kick(struct VirtQueue* queue);
// Takes a used chain: its token, or null if there is none. `length` may be null.
void* queue_take(struct VirtQueue* queue, uint32_t* length);
int queue_has_used(const struct VirtQueue* queue);

// The device shall interrupt when `count` more chains are used (1 or, with event indices, more).
// True if that many are there already: look before you sleep.
int queue_want_interrupt(struct VirtQueue* queue, unsigned count);
void queue_want_no_interrupt(struct VirtQueue* queue);

// Polls until a chain is used; null after `milliseconds`.
void* queue_wait(struct VirtQueue* queue, uint32_t* length, unsigned milliseconds);
// A chain of its own, waited for. 0 if it was not used in time.
int queue_request(struct VirtQueue* queue, const struct Segment* segments, unsigned count,
                  uint32_t* length, unsigned milliseconds);
