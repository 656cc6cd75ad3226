#include "guest/virtio/queue.h"

#include "guest/virtio/deadline.h"
#include "guest/virtio/pool.h"
#include "guest/virtio/registers.h"

static volatile uint16_t* used_event(const struct VirtQueue* q) {
  return &q->available->ring[q->size];
}
static volatile uint16_t* available_event(const struct VirtQueue* q) {
  return (volatile uint16_t*)&q->used->ring[q->size];
}

static uint16_t largest_power_of_two(unsigned limit) {
  unsigned size = 1;
  while (size * 2 <= limit && size < 32768) {
    size *= 2;
  }
  return (uint16_t)size;
}

static void take_memory(struct VirtQueue* q, struct QueueRegisters* registers) {
  const unsigned long n = q->size;
  const unsigned long before = pool_mark();
  if (q->packed) {
    q->ring = pool_take(16 * n, 16);
    q->driver_events = pool_take(4, 4);
    q->device_events = pool_take(4, 4);
    registers->desc = (uint64_t)q->ring;
    registers->driver = (uint64_t)q->driver_events;
    registers->device = (uint64_t)q->device_events;
  } else {
    q->split = pool_take(16 * n, 16);
    q->available = pool_take(6 + 2 * n, 2);
    q->used = pool_take(6 + 8 * n, 4);
    registers->desc = (uint64_t)q->split;
    registers->driver = (uint64_t)q->available;
    registers->device = (uint64_t)q->used;
  }
  q->tokens = pool_take(8 * n, 8);
  q->slots = pool_take(2 * n, 8);
  q->free = pool_take(2 * n, 8);
  pool_clear_since(before);
  q->tables = q->indirect ? pool_take(16 * kMaxSegments * n, 16) : 0;
  q->free_count = q->size;
  q->free_slots = q->size;
  for (unsigned i = 0; i < n; ++i) {
    q->free[i] = (uint16_t)(n - 1 - i);
  }
}

int queue_create(struct VirtQueue* q, struct VirtioDevice* device, unsigned index, unsigned limit) {
  const uint32_t maximum = virtio_queue_maximum(device, index);
  if (!maximum) {
    return 0;
  }
  *q = (struct VirtQueue){.device = device, .index = index, .available_wrap = 1, .used_wrap = 1};
  q->packed = (device->features & feature(kFeatureRingPacked)) != 0;
  q->indirect = (device->features & feature(kFeatureIndirectDesc)) != 0;
  q->event_index = (device->features & feature(kFeatureEventIdx)) != 0;
  q->size = largest_power_of_two(limit && limit < maximum ? limit : maximum);
  struct QueueRegisters registers = {.size = q->size};
  take_memory(q, &registers);
  queue_want_no_interrupt(q);
  virtio_queue_write(device, index, &registers, 1);
  q->notify_address = virtio_notify_address(device, index);
  return 1;
}

static void fill_table(volatile struct SplitDescriptor* table, const struct Segment* segments,
                       unsigned count, int packed) {
  for (unsigned i = 0; i < count; ++i) {
    table[i].address = (uint64_t)segments[i].address;
    table[i].length = segments[i].length;
    const uint16_t write = segments[i].writable ? kDescriptorWrite : 0;
    if (packed) {  // 2.8.7: only WRITE counts in there; id is not looked at
      ((volatile struct PackedDescriptor*)table)[i].id = 0;
      ((volatile struct PackedDescriptor*)table)[i].flags = write;
    } else {
      table[i].flags = (uint16_t)(write | (i + 1 < count ? kDescriptorNext : 0));
      table[i].next = (uint16_t)(i + 1);
    }
  }
}

static int split_add(struct VirtQueue* q, const struct Segment* segments, unsigned count,
                     void* token) {
  const int indirect = q->indirect && count > 1 && count <= kMaxSegments;
  const unsigned slots = indirect ? 1 : count;
  if (q->free_count < slots) {
    return 0;
  }
  const uint16_t head = q->free[q->free_count - 1];
  if (indirect) {
    volatile struct SplitDescriptor* table = q->tables + (unsigned)head * kMaxSegments;
    fill_table(table, segments, count, 0);
    q->split[head].address = (uint64_t)table;
    q->split[head].length = 16 * count;
    q->split[head].flags = kDescriptorIndirect;
  } else {
    for (unsigned i = 0; i < count; ++i) {
      volatile struct SplitDescriptor* d = q->split + q->free[q->free_count - 1 - i];
      d->address = (uint64_t)segments[i].address;
      d->length = segments[i].length;
      const int last = i + 1 == count;
      d->flags =
          (uint16_t)((segments[i].writable ? kDescriptorWrite : 0) | (last ? 0 : kDescriptorNext));
      d->next = last ? 0 : q->free[q->free_count - 2 - i];
    }
  }
  q->free_count = (uint16_t)(q->free_count - slots);
  q->tokens[head] = token;
  q->slots[head] = (uint16_t)slots;
  q->available->ring[q->next_available & (q->size - 1)] = head;
  write_barrier();
  q->next_available = (uint16_t)(q->next_available + 1);
  q->available->index = q->next_available;
  return 1;
}

static int packed_add(struct VirtQueue* q, const struct Segment* segments, unsigned count,
                      void* token) {
  const int indirect = q->indirect && count > 1 && count <= kMaxSegments;
  const unsigned slots = indirect ? 1 : count;
  if (q->free_slots < slots || !q->free_count) {
    return 0;
  }
  const uint16_t id = q->free[--q->free_count];
  struct Segment whole;
  if (indirect) {
    volatile struct SplitDescriptor* table = q->tables + (unsigned)id * kMaxSegments;
    fill_table(table, segments, count, 1);
    whole = (struct Segment){table, 16 * count, 0};
    segments = &whole;
  }
  volatile struct PackedDescriptor* head = q->ring + q->next_available;
  uint16_t head_flags = 0;
  for (unsigned i = 0; i < slots; ++i) {
    volatile struct PackedDescriptor* d = q->ring + q->next_available;
    d->address = (uint64_t)segments[i].address;
    d->length = segments[i].length;
    d->id = id;
    const uint16_t flags =
        (uint16_t)((segments[i].writable ? kDescriptorWrite : 0) |
                   (i + 1 < slots ? kDescriptorNext : 0) | (indirect ? kDescriptorIndirect : 0) |
                   (q->available_wrap ? kPackedAvailable : kPackedUsed));
    if (i == 0) {
      head_flags = flags;
    } else {
      d->flags = flags;
    }
    q->next_available = (uint16_t)(q->next_available + 1);
    if (q->next_available == q->size) {
      q->next_available = 0;
      q->available_wrap ^= 1;
    }
  }
  q->free_slots = (uint16_t)(q->free_slots - slots);
  q->tokens[id] = token;
  q->slots[id] = (uint16_t)slots;
  write_barrier();
  head->flags = head_flags;  // 2.8.6: the first one last
  return 1;
}

int queue_add(struct VirtQueue* q, const struct Segment* segments, unsigned count, void* token) {
  return q->packed ? packed_add(q, segments, count, token) : split_add(q, segments, count, token);
}

static int passes(uint16_t event, uint16_t now, uint16_t before) {  // 2.7.10
  return (uint16_t)(now - event - 1) < (uint16_t)(now - before);
}

static int wants_notification(struct VirtQueue* q) {
  const uint16_t before = q->notified;
  q->notified = q->next_available;
  if (!q->packed) {
    return q->event_index ? passes(*available_event(q), q->next_available, before)
                          : !(q->used->flags & 1);
  }
  const uint16_t flags = q->device_events->flags & 3;
  if (flags != kEventDescriptor) {
    return flags == kEventEnable;
  }
  // 2.8.10.1, as if the ring had not wrapped between the two.
  const uint16_t descriptor = q->device_events->descriptor;
  uint16_t event = descriptor & 0x7fff;
  if (descriptor >> 15 != q->available_wrap) {
    event = (uint16_t)(event - q->size);
  }
  const uint16_t from = before > q->next_available ? (uint16_t)(before - q->size) : before;
  return passes(event, q->next_available, from) || from == q->next_available;
}

void queue_kick(struct VirtQueue* q) {
  memory_barrier();  // what we made available, before what the device last asked for
  if (!wants_notification(q)) {
    return;
  }
  q->notifications = q->notifications + 1;
  uint32_t value = q->index;
  if (q->device->features & feature(kFeatureNotificationData)) {  // 2.9
    value |= (uint32_t)q->next_available << 16;
    if (q->packed) {
      value |= (uint32_t)q->available_wrap << 31;
    }
  }
  virtio_notify_at(q->device, q->notify_address, value);
}

int queue_has_used(const struct VirtQueue* q) {
  if (!q->packed) {
    return q->used->index != q->last_used;
  }
  const uint16_t flags = q->ring[q->last_used].flags;
  return ((flags & kPackedAvailable) != 0) == q->used_wrap &&
         ((flags & kPackedUsed) != 0) == q->used_wrap;
}

void* queue_take(struct VirtQueue* q, uint32_t* length) {
  if (!queue_has_used(q)) {
    return 0;
  }
  read_barrier();
  if (q->packed) {
    const uint16_t id = q->ring[q->last_used].id;
    if (length) {
      *length = q->ring[q->last_used].length;
    }
    if (id >= q->size || !q->slots[id]) {
      return 0;
    }
    q->last_used = (uint16_t)(q->last_used + q->slots[id]);
    if (q->last_used >= q->size) {
      q->last_used = (uint16_t)(q->last_used - q->size);
      q->used_wrap ^= 1;
    }
    q->free_slots = (uint16_t)(q->free_slots + q->slots[id]);
    q->slots[id] = 0;
    q->free[q->free_count++] = id;
    return q->tokens[id];
  }
  const volatile struct UsedElement* element = q->used->ring + (q->last_used & (q->size - 1));
  const uint32_t head = element->id;
  if (length) {
    *length = element->length;
  }
  if (head >= q->size || !q->slots[head]) {
    return 0;
  }
  q->last_used = (uint16_t)(q->last_used + 1);
  uint16_t at = (uint16_t)head;
  for (unsigned left = q->slots[head]; left; --left) {
    q->free[q->free_count++] = at;
    at = q->split[at].next;
  }
  q->slots[head] = 0;
  return q->tokens[head];
}

int queue_want_interrupt(struct VirtQueue* q, unsigned count) {
  q->interrupts_wanted = 1;
  if (!q->packed) {
    if (q->event_index) {
      *used_event(q) = (uint16_t)(q->last_used + count - 1);
    } else {
      q->available->flags = 0;
    }
  } else if (q->event_index) {
    unsigned at = q->last_used + (unsigned)count - 1;
    int wrap = q->used_wrap;
    if (at >= q->size) {
      at -= q->size;
      wrap ^= 1;
    }
    q->driver_events->descriptor = (uint16_t)(at | (unsigned)wrap << 15);
    write_barrier();
    q->driver_events->flags = kEventDescriptor;
  } else {
    q->driver_events->flags = kEventEnable;
  }
  memory_barrier();
  if (q->packed || !q->event_index) {
    return queue_has_used(q);
  }
  return (uint16_t)(q->used->index - q->last_used) >= count;
}

void queue_want_no_interrupt(struct VirtQueue* q) {
  q->interrupts_wanted = 0;
  if (q->packed) {
    q->driver_events->flags = kEventDisable;
  } else if (q->event_index) {
    *used_event(q) = (uint16_t)(q->last_used - 1);  // as far away as can be
  } else {
    q->available->flags = 1;
  }
}

void* queue_wait(struct VirtQueue* q, uint32_t* length, unsigned milliseconds) {
  const struct Deadline deadline = deadline_in(milliseconds);
  for (;;) {
    void* token = queue_take(q, length);
    if (token || deadline_over(&deadline)) {
      return token;
    }
  }
}

int queue_request(struct VirtQueue* q, const struct Segment* segments, unsigned count,
                  uint32_t* length, unsigned milliseconds) {
  static char token;
  if (!queue_add(q, segments, count, &token)) {
    return 0;
  }
  queue_kick(q);
  return queue_wait(q, length, milliseconds) == &token;
}
