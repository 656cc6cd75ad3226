// virtio-bench: what a virtio-blk request costs, seen from inside. The loop that submits and takes
// requests runs at CPL 3, which is native on every KVM. One line for each combination:
//   virtio-bench: read bytes=4096 depth=32 requests=N cycles=C rps=R kicks=K interrupts=I
// and before them one with the time-stamp counter's frequency.
//   op=read|write (default both)  bytes= (4096 and 65536)  depth= (1, 4, 32)  requests=2000  random
//   irq=poll (looks at the ring all the time), msix, line (sleeps in HLT when nothing is there)
//   stay: sleeps for ever at the end, for whoever looks at the device's counters from outside
//   transport= ring= index= no-indirect no-event-idx as virtio-blk. Writes destroy what is on the
//   disk.

#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"
#include "guest/machine/unprivileged.h"
#include "guest/virtio/block.h"
#include "guest/virtio/check.h"
#include "guest/virtio/deadline.h"
#include "guest/virtio/options.h"
#include "guest/virtio/pool.h"
#include "guest/x86_64/runtime/interrupts.h"

enum { kMaxDepth = 128, kPatience = 30000 };

struct Bench {
  struct VirtQueue* queue;
  uint32_t type;
  int sleeps, random;
  unsigned long depth, total, blocks, sectors_each;  // blocks: places on the disk
  unsigned long issued, done, failed;
  unsigned free_count;
  uint64_t seed;
};

static struct BlkRequest requests[kMaxDepth];
static struct BlkRequest* free_requests[kMaxDepth];
static struct VirtQueue queue;

static void submit(struct Bench* b) {
  unsigned long added = 0;
  while (b->free_count && b->issued < b->total) {
    struct BlkRequest* r = free_requests[b->free_count - 1];
    unsigned long block = b->issued;
    if (b->random) {
      b->seed = b->seed * 6364136223846793005ull + 1442695040888963407ull;
      block = b->seed >> 33;
    }
    r->header.type = b->type;
    r->header.sector = block % b->blocks * b->sectors_each;
    if (!blk_add(b->queue, r)) {
      break;
    }
    --b->free_count;
    ++b->issued;
    ++added;
  }
  if (added) {
    queue_kick(b->queue);
  }
}

static unsigned long take(struct Bench* b) {
  unsigned long taken = 0;
  for (struct BlkRequest* r; (r = queue_take(b->queue, 0)); ++taken) {
    b->failed += r->status != kBlkOk;
    free_requests[b->free_count++] = r;
  }
  b->done += taken;
  return taken;
}

// At CPL 3. Until all is done, or there is reason to sleep; without sleep also from time to time.
static unsigned long body(unsigned long argument) {
  struct Bench* b = (struct Bench*)argument;
  submit(b);
  for (unsigned idle = 0; b->done < b->total;) {
    if (take(b)) {
      submit(b);
      idle = 0;
    } else if (b->sleeps || ++idle > 200000000) {
      break;
    }
  }
  return 0;
}

static int run(struct Bench* b, enum CompletionMode mode, uint64_t* cycles) {
  const uint64_t start = read_cycles();
  while (b->done < b->total) {
    const unsigned long before = b->done;
    unprivileged_call(body, (unsigned long)b);
    if (b->done < b->total && b->sleeps) {
      if (!completion_sleep(b->queue, mode, 1, kPatience)) {
        return 0;
      }
    } else if (b->done == before) {
      return 0;
    }
  }
  *cycles = read_cycles() - start;
  return 1;
}

static void measure(struct Bench* b, enum CompletionMode mode, unsigned long bytes) {
  const uint64_t kicks = b->queue->notifications;
  const uint64_t interrupts = completion_interrupts(0);
  uint64_t cycles = 0;
  b->free_count = 0;
  for (unsigned long i = 0; i < b->depth; ++i) {
    requests[i].length = (uint32_t)bytes;
    free_requests[b->free_count++] = requests + i;
  }
  if (!run(b, mode, &cycles)) {
    check_fail("requests", "missing:", b->total - b->done);
    return;
  }
  if (b->failed) {
    check_fail("requests", "failed:", b->failed);
  }
  check_line();
  print(b->type == kBlkIn ? "read" : "write");
  print_number(" bytes=", bytes, "");
  print_number(" depth=", b->depth, "");
  print_number(" requests=", b->total, "");
  print_number(" cycles=", cycles, "");
  print_number(" rps=", b->total * cycles_per_millisecond() / (cycles / 1000 + 1), "");
  print_number(" kicks=", b->queue->notifications - kicks, "");
  print_number(" interrupts=", completion_interrupts(0) - interrupts, "\n");
}

static void measure_all(const char* line, const struct VirtioDevice* device,
                        enum CompletionMode mode, unsigned long bytes, unsigned long depth) {
  const uint64_t capacity = virtio_config(device, kBlkConfigCapacity, 8);
  const int writable = !(device->features & feature(kBlkReadOnly));
  for (uint32_t type = kBlkIn; type <= kBlkOut; ++type) {
    if (text_is(line, "op", type == kBlkIn ? "write" : "read") || (type == kBlkOut && !writable)) {
      continue;
    }
    struct Bench b = {.queue = &queue,
                      .type = type,
                      .sleeps = mode != kPoll,
                      .random = text_has_word(line, "random"),
                      .depth = depth,
                      .total = text_number(line, "requests", 2000),
                      .blocks = capacity / (bytes / 512),
                      .sectors_each = bytes / 512,
                      .seed = 1};
    if (b.blocks == 0) {
      check_fail("size", "the disk is too small, sectors:", capacity);
      return;
    }
    measure(&b, mode, bytes);
  }
}

int program_main(const char* line) {
  static const unsigned long kSizes[] = {4096, 65536};
  static const unsigned long kDepths[] = {1, 4, 32};
  check_begin("virtio-bench");
  enum CompletionMode mode;
  struct VirtioDevice* device = options_open(line, kVirtioBlk, feature(kBlkReadOnly), 1, &mode);
  if (!device || !check("queue", queue_create(&queue, device, 0, 256))) {
    return check_status();
  }
  virtio_driver_ok(device);
  check_line();
  print_number("tsc_khz=", cycles_per_millisecond(), "\n");
  const unsigned long only_bytes = text_number(line, "bytes", 0) & ~511ul;
  const unsigned long only_depth = text_number(line, "depth", 0);
  const unsigned long mark = pool_mark();
  for (unsigned i = 0; i < (only_bytes ? 1 : 2); ++i) {
    const unsigned long bytes = only_bytes ? only_bytes : kSizes[i];
    for (unsigned j = 0; j < (only_depth ? 1 : 3); ++j) {
      unsigned long depth = only_depth ? only_depth : kDepths[j];
      const unsigned long slots = device->features & feature(kFeatureIndirectDesc) ? 1 : 3;
      depth = depth > kMaxDepth ? kMaxDepth : depth;
      depth = depth * slots > queue.size ? queue.size / slots : depth;
      pool_release(mark);
      for (unsigned long k = 0; k < depth; ++k) {
        requests[k].data = pool_take(bytes, 4096);
      }
      measure_all(line, device, mode, bytes, depth);
    }
  }
  check("reset", virtio_reset(device));
  if (text_has_word(line, "stay")) {
    check_line();
    print("staying\n");
    for (;;) {
      interrupts_on_and_halt();
    }
  }
  return check_status();
}
