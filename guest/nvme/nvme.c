#include "guest/nvme/nvme.h"

#include "guest/nvme/nvme_admin.h"
#include "guest/virtio/registers.h"

enum { kPage = 4096, kWrite = 1, kRead = 2, kMaskSet = 0x0c, kMaskClear = 0x10 };

// Memory addresses of all pages but the first (4.3).
static uint64_t second_pointer(uint64_t* list, uint64_t data, uint32_t bytes) {
  const uint64_t next = (data & ~(uint64_t)(kPage - 1)) + kPage;
  const uint64_t end = data + bytes;
  if (end <= next) {
    return 0;
  }
  if (end <= next + kPage) {
    return next;
  }
  unsigned count = 0;
  for (uint64_t page = next; page < end; page += kPage) {
    ((volatile uint64_t*)list)[count++] = page;
  }
  return (uint64_t)list;
}

void nvme_push(struct NvmeQueue* queue, const struct NvmeCommand* command) {
  queue->commands[queue->tail] = *command;
  queue->tail = (uint16_t)((queue->tail + 1) % kNvmeEntries);
}

void nvme_submit(struct Nvme* nvme, unsigned slot, int write, uint64_t block, void* data,
                 uint32_t bytes) {
  const uint32_t blocks = (bytes >> nvme->block_shift) - 1;
  const struct NvmeCommand command = {
      .opcode = write ? kWrite : kRead,
      .id = (uint16_t)slot,
      .name_space = 1,
      .prp1 = (uint64_t)data,
      .prp2 = second_pointer(nvme->lists[slot], (uint64_t)data, bytes),
      .dword10 = {(uint32_t)block, (uint32_t)(block >> 32), blocks}};
  nvme_push(&nvme->io, &command);
}

// B.5: the register is written only if the event index was passed.
static int tell(uint64_t doorbell, volatile uint32_t* shadow, const volatile uint32_t* event,
                uint16_t from, uint16_t to) {
  if (shadow) {
    write_barrier();
    *shadow = to;
    memory_barrier();
    const uint16_t wanted = (uint16_t)*event;
    if ((uint16_t)(to - wanted - 1) >= (uint16_t)(to - from)) {
      return 0;
    }
  }
  write_barrier();
  write32(doorbell, to);
  return 1;
}

void nvme_announce(struct Nvme* nvme) {
  struct NvmeQueue* q = &nvme->io;
  if (q->tail != q->announced_tail) {
    nvme->doorbells +=
        (unsigned)tell(q->tail_doorbell, q->tail_shadow, q->tail_event, q->announced_tail, q->tail);
    q->announced_tail = q->tail;
  }
}

int nvme_queue_has_done(const struct NvmeQueue* queue) {
  return (queue->completions[queue->head].status & 1) == queue->phase;
}

int nvme_has_done(const struct Nvme* nvme) {
  return nvme_queue_has_done(&nvme->io);
}

struct NvmeCompletion nvme_pop(struct NvmeQueue* queue) {
  read_barrier();
  const volatile struct NvmeCompletion* at = queue->completions + queue->head;
  const struct NvmeCompletion completion = {
      .result = at->result, .id = at->id, .status = at->status};
  queue->head = (uint16_t)(queue->head + 1);
  if (queue->head == kNvmeEntries) {
    queue->head = 0;
    queue->phase ^= 1;
  }
  return completion;
}

void nvme_announce_head(struct NvmeQueue* queue) {
  if (queue->head != queue->announced_head) {
    (void)tell(queue->head_doorbell, queue->head_shadow, queue->head_event, queue->announced_head,
               queue->head);
    queue->announced_head = queue->head;
  }
}

int nvme_take(struct Nvme* nvme, uint64_t* failed) {
  if (!nvme_has_done(nvme)) {
    nvme_announce_head(&nvme->io);
    return -1;
  }
  const struct NvmeCompletion completion = nvme_pop(&nvme->io);
  *failed += completion.status >> 1 != 0;
  return completion.id < kNvmeSlots ? completion.id : -1;
}

void nvme_mask_line(const struct Nvme* nvme) {
  write32(nvme->registers + kMaskSet, 1);
}

void nvme_unmask_line(const struct Nvme* nvme) {
  write32(nvme->registers + kMaskClear, 1);
}
