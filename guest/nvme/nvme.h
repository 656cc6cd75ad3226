// A driver for the first namespace of an NVMe controller: one pair of I/O queues.
// Source: NVM Express 1.4, 3.1 (registers), 4 (queues), 5 (admin commands), 6 (NVM commands),
// annex B.5 (doorbell buffers).
#pragma once

#include <stdint.h>

#include "guest/virtio/pci.h"

enum { kNvmeEntries = 64, kNvmeSlots = 32 };

struct NvmeCommand {  // 4.2
  uint8_t opcode;
  uint8_t flags;
  uint16_t id;
  uint32_t name_space;
  uint64_t reserved;
  uint64_t metadata;
  uint64_t prp1;
  uint64_t prp2;
  uint32_t dword10[6];
};

struct NvmeCompletion {  // 4.6
  uint32_t result;
  uint32_t reserved;
  uint16_t submission_head;
  uint16_t submission_queue;
  uint16_t id;
  uint16_t status;  // bit 0: phase
};

struct NvmeQueue {
  volatile struct NvmeCommand* commands;
  volatile struct NvmeCompletion* completions;
  uint16_t tail, head, announced_tail, announced_head;
  uint16_t phase;
  uint64_t tail_doorbell, head_doorbell;
  // Doorbell buffers: null without.
  volatile uint32_t *tail_shadow, *head_shadow;
  volatile uint32_t *tail_event, *head_event;
};

struct Nvme {
  PciFunction function;
  uint64_t registers;
  uint64_t blocks;
  unsigned block_shift;
  uint32_t maximum;  // bytes of one command
  int has_shadow;    // doorbell buffers are in use
  int by_msix;
  struct NvmeQueue admin, io;
  uint64_t* lists[kNvmeSlots];  // PRP lists, a page each
  uint64_t doorbells;           // submission doorbells written
};

enum NvmeInterrupts { kNvmePolled, kNvmeMsix, kNvmeLine };
enum NvmeShadow { kNvmeNoShadow, kNvmeShadowIfOffered, kNvmeShadow };

// The `index`th controller, ready. MSI-X interrupts come on `vector`; the line must be routed by
// the caller. Null and `*why` (null: there is none).
struct Nvme* nvme_open(unsigned index, enum NvmeInterrupts interrupts, unsigned vector,
                       enum NvmeShadow shadow, const char** why);

// These may run unprivileged. `slot` below kNvmeSlots; `data` lies on a 4-byte boundary.
void nvme_submit(struct Nvme* nvme, unsigned slot, int write, uint64_t block, void* data,
                 uint32_t bytes);
void nvme_announce(struct Nvme* nvme);
int nvme_has_done(const struct Nvme* nvme);
// A slot that is done, or -1, and then the controller knows what was taken. Counts failures.
int nvme_take(struct Nvme* nvme, uint64_t* failed);

// INTMS, INTMC: the wire, not MSI-X (3.1.3).
void nvme_mask_line(const struct Nvme* nvme);
void nvme_unmask_line(const struct Nvme* nvme);
