#include "guest/nvme/nvme_admin.h"

#include "guest/machine/high_memory.h"
#include "guest/virtio/deadline.h"
#include "guest/virtio/msix.h"
#include "guest/virtio/pool.h"
#include "guest/virtio/registers.h"

enum {  // 3.1
  kCap = 0x00,
  kControl = 0x14,
  kStatus = 0x1c,
  kAdminSizes = 0x24,
  kAdminCommands = 0x28,
  kAdminCompletions = 0x30,
  kDoorbells = 0x1000,
};
enum { kEnable = 1, kReady = 1, kEntrySizes = 6 << 16 | 4 << 20 };
enum {  // 5
  kCreateSubmission = 0x01,
  kCreateCompletion = 0x05,
  kIdentify = 0x06,
  kSetFeatures = 0x09,
  kDoorbellBuffers = 0x7c,
};
enum { kClass = 0x01080200, kPage = 4096, kPatience = 5000, kFeatureQueues = 7 };

static void write_address(uint64_t at, uint64_t value) {
  write32(at, (uint32_t)value);
  write32(at + 4, (uint32_t)(value >> 32));
}

static int wait_ready(const struct Nvme* nvme, uint32_t ready) {
  const struct Deadline deadline = deadline_in(kPatience);
  while ((read32(nvme->registers + kStatus) & kReady) != ready) {
    if (deadline_over(&deadline)) {
      return 0;
    }
  }
  return 1;
}

static unsigned stride(const struct Nvme* nvme) {
  return 4u << (read32(nvme->registers + kCap + 4) & 15);
}

static void make_queue(const struct Nvme* nvme, struct NvmeQueue* queue, unsigned number) {
  void* memory = pool_take(2 * kPage, kPage);
  clear_fast(memory, 2 * kPage);
  const uint64_t doorbells = nvme->registers + kDoorbells;
  *queue = (struct NvmeQueue){.commands = memory,
                              .completions = (void*)((uint8_t*)memory + kPage),
                              .phase = 1,
                              .tail_doorbell = doorbells + 2ul * number * stride(nvme),
                              .head_doorbell = doorbells + (2ul * number + 1) * stride(nvme)};
}

static int admin(struct Nvme* nvme, const struct NvmeCommand* command) {
  struct NvmeQueue* q = &nvme->admin;
  nvme_push(q, command);
  write_barrier();
  write32(q->tail_doorbell, q->tail);
  const struct Deadline deadline = deadline_in(kPatience);
  while (!nvme_queue_has_done(q)) {
    if (deadline_over(&deadline)) {
      return 0;
    }
  }
  const struct NvmeCompletion completion = nvme_pop(q);
  nvme_announce_head(q);
  return completion.status >> 1 == 0;
}

static int start(struct Nvme* nvme) {
  write32(nvme->registers + kControl, 0);
  if (!wait_ready(nvme, 0)) {
    return 0;
  }
  make_queue(nvme, &nvme->admin, 0);
  write32(nvme->registers + kAdminSizes, (kNvmeEntries - 1) << 16 | (kNvmeEntries - 1));
  write_address(nvme->registers + kAdminCommands, (uint64_t)nvme->admin.commands);
  write_address(nvme->registers + kAdminCompletions, (uint64_t)nvme->admin.completions);
  write32(nvme->registers + kControl, kEntrySizes | kEnable);
  return wait_ready(nvme, kReady);
}

// 5.15: the controller's MDTS and OACS, the namespace's size and format.
static int identify(struct Nvme* nvme, int* can_shadow) {
  const uint8_t* data = pool_take(kPage, kPage);
  struct NvmeCommand command = {.opcode = kIdentify, .prp1 = (uint64_t)data, .dword10 = {1}};
  if (!admin(nvme, &command)) {
    return 0;
  }
  const unsigned mdts = data[77];
  nvme->maximum = mdts && mdts < 9 ? (uint32_t)kPage << mdts : 1u << 20;
  *can_shadow = data[257] & 1;
  command.name_space = 1;
  command.dword10[0] = 0;
  if (!admin(nvme, &command)) {
    return 0;
  }
  nvme->blocks = *(const volatile uint64_t*)data;
  nvme->block_shift = data[128 + 4 * (data[26] & 15) + 2];
  return nvme->block_shift >= 9 && nvme->block_shift <= 12;
}

static int make_io_queues(struct Nvme* nvme, int interrupts, unsigned entry) {
  make_queue(nvme, &nvme->io, 1);
  const struct NvmeCommand features = {.opcode = kSetFeatures, .dword10 = {kFeatureQueues, 0}};
  const uint32_t which = (kNvmeEntries - 1) << 16 | 1;
  const struct NvmeCommand completion = {
      .opcode = kCreateCompletion,
      .prp1 = (uint64_t)nvme->io.completions,
      .dword10 = {which, entry << 16 | (interrupts ? 2u : 0u) | 1}};
  const struct NvmeCommand submission = {.opcode = kCreateSubmission,
                                         .prp1 = (uint64_t)nvme->io.commands,
                                         .dword10 = {which, 1 << 16 | 1}};
  return admin(nvme, &features) && admin(nvme, &completion) && admin(nvme, &submission);
}

static int share_doorbells(struct Nvme* nvme) {
  uint8_t* shadow = pool_take(2 * kPage, kPage);
  clear_fast(shadow, 2 * kPage);
  const struct NvmeCommand command = {
      .opcode = kDoorbellBuffers, .prp1 = (uint64_t)shadow, .prp2 = (uint64_t)(shadow + kPage)};
  if (!admin(nvme, &command)) {
    return 0;
  }
  struct NvmeQueue* q = &nvme->io;
  q->tail_shadow = (volatile uint32_t*)(shadow + 2ul * stride(nvme));
  q->head_shadow = (volatile uint32_t*)(shadow + 3ul * stride(nvme));
  q->tail_event = (volatile uint32_t*)(shadow + kPage + 2ul * stride(nvme));
  q->head_event = (volatile uint32_t*)(shadow + kPage + 3ul * stride(nvme));
  nvme->has_shadow = 1;
  return 1;
}

static int reach(struct Nvme* nvme) {
  int is_64;
  nvme->registers = pci_bar(nvme->function, 0);
  const uint64_t size = pci_bar_size(nvme->function, 0, &is_64);
  pci_write(nvme->function, kPciCommand, 2, kPciCommandMemory | kPciCommandMaster);
  return nvme->registers && size && map_high_memory(nvme->registers, size);
}

// Entry 0 stays masked: admin commands are waited for by looking. Without a vector all do; a driver
// that polls turns MSI-X on nevertheless, or its wire would be in use.
static int set_up_msix(struct Nvme* nvme, unsigned vector, unsigned* entry) {
  const struct Msix msix = msix_find(nvme->function);
  if (!msix.table) {
    return 0;
  }
  *entry = msix.count > 1 ? 1 : 0;
  msix_enable(nvme->function, &msix);
  msix_mask_entry(&msix, 0);
  nvme->by_msix = 1;
  if (vector) {
    return msix_write_entry(nvme->function, &msix, *entry, vector);
  }
  msix_mask_entry(&msix, *entry);
  return 1;
}

struct Nvme* nvme_open(unsigned index, enum NvmeInterrupts interrupts, unsigned vector,
                       enum NvmeShadow shadow, const char** why) {
  static struct Nvme the_nvme;
  struct Nvme* nvme = &the_nvme;
  nvme->function = pci_find(kPciClass, 0xffffff00u, kClass, index);
  if (!nvme->function) {
    return 0;
  }
  int can_shadow = 0;
  unsigned entry = 0;
  const int reached = reach(nvme);
  if (reached && interrupts == kNvmePolled) {
    (void)set_up_msix(nvme, 0, &entry);
  }
  if (!reached) {
    *why = "registers_out_of_reach";
  } else if (interrupts == kNvmeMsix && !set_up_msix(nvme, vector, &entry)) {
    *why = "no_msix";
  } else if (!start(nvme)) {
    *why = "controller_does_not_start";
  } else if (!identify(nvme, &can_shadow)) {
    *why = "identify_failed";
  } else if (!make_io_queues(nvme, interrupts != kNvmePolled, entry)) {
    *why = "no_queue";
  } else if (shadow == kNvmeShadow && !can_shadow) {
    *why = "no_doorbell_buffers";
  } else if (shadow != kNvmeNoShadow && can_shadow && !share_doorbells(nvme)) {
    *why = "doorbell_buffers_refused";
  } else {
    for (unsigned i = 0; i < kNvmeSlots; ++i) {
      nvme->lists[i] = pool_take(kPage, kPage);
    }
    return nvme;
  }
  return 0;
}
