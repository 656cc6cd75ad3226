// bench-disk: what a request to a disk costs, whatever the disk's face; a program of `skiff bench`
// (docs/guest.md, "Bench programs"). Cells read-BYTES-dDEPTH and write-BYTES-dDEPTH; writes destroy
// what is on the disk.
//   face=virtio-pci|virtio-mmio|nvme|ide (default: the first there is)  random
//   irq=poll|msix|line   virtio: ring= index= no-indirect no-event-idx   nvme: shadow, no-shadow
//   ide: mode=dma|pio
//   verify  before a write cell: what is written must be read back
// The loop that submits and takes requests runs unprivileged, which is native on every KVM.

#include "arch/processor.h"
#include "guest/bench/arena.h"
#include "guest/bench/bench.h"
#include "guest/bench/block_device.h"
#include "guest/bench/hot_loop.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"
#include "guest/virtio/deadline.h"
#include "guest/virtio/pool.h"

enum { kPatience = 20000 };  // [ms] for any one request

struct Load {
  struct BlockDevice* device;
  int write, random;
  uint32_t bytes;
  unsigned depth;
  uint64_t total, issued, done, failed;
  uint64_t blocks, next;  // places on the disk; the next one, or the seed
  uint64_t patience;      // cycles
  uint8_t* buffers;
  unsigned free_count;
  uint8_t free_slots[kBlockMaxDepth];
  uint64_t started[kBlockMaxDepth];
};

static uint64_t next_block(struct Load* load) {
  if (load->random) {
    load->next = load->next * 6364136223846793005ull + 1442695040888963407ull;
    return (load->next >> 33) % load->blocks;
  }
  load->next = load->next + 1 < load->blocks ? load->next + 1 : 0;
  return load->next;
}

static void submit(struct Load* load) {
  unsigned added = 0;
  while (load->free_count && load->issued < load->total) {
    const unsigned slot = load->free_slots[load->free_count - 1];
    load->started[slot] = read_cycles();
    if (!load->device->submit(load->device, slot, load->write,
                              next_block(load) * (load->bytes / 512),
                              load->buffers + (uint64_t)slot * load->bytes, load->bytes)) {
      break;
    }
    --load->free_count;
    ++load->issued;
    ++added;
  }
  if (added) {
    load->device->kick(load->device);
  }
}

static unsigned take(struct Load* load) {
  unsigned taken = 0;
  for (int slot; (slot = load->device->take(load->device, &load->failed)) >= 0; ++taken) {
    histogram_add(&bench_histogram, read_cycles() - load->started[slot]);
    load->free_slots[load->free_count++] = (uint8_t)slot;
  }
  load->done += taken;
  return taken;
}

// Unprivileged. As drivers do it: what is there is taken without an interrupt, and whatever is
// submitted interrupts when it is complete.
static unsigned long body_that_sleeps(unsigned long argument) {
  struct Load* load = (struct Load*)argument;
  struct BlockDevice* device = load->device;
  if (device->disarm) {
    device->disarm(device);
  }
  do {
    take(load);
  } while (device->arm(device));
  if (load->done == load->total) {
    return kDone;
  }
  submit(load);
  return kSleep;
}

static unsigned long body_that_polls(unsigned long argument) {
  struct Load* load = (struct Load*)argument;
  submit(load);
  uint64_t since = read_cycles();
  while (load->done < load->total) {
    if (take(load)) {
      submit(load);
      since = read_cycles();
    } else if (read_cycles() - since > load->patience) {
      return kTimeOut;
    }
  }
  return kDone;
}

static uint64_t progress(unsigned long argument) {
  return ((const struct Load*)argument)->done;
}

static int run(struct Load* load) {
  const int sleeps = load->device->sleeps;
  return hot_loop_run(sleeps ? body_that_sleeps : body_that_polls, (unsigned long)load,
                      sleeps ? kPatience : 0, progress);
}

static const char* measure(void* context, uint64_t requests, struct BenchCounts* counts) {
  struct Load* load = context;
  struct BlockDevice* device = load->device;
  load->total = requests;
  load->issued = load->done = load->failed = 0;
  load->free_count = load->depth;
  for (unsigned i = 0; i < load->depth; ++i) {
    load->free_slots[i] = (uint8_t)i;
  }
  const uint64_t interrupts = device->interrupts(device);
  const uint64_t kicks = device->kicks;
  const uint64_t start = read_cycles();
  const int done = run(load);
  counts->cycles = read_cycles() - start;
  counts->bytes = load->done * load->bytes;
  counts->kicks = device->kicks - kicks;
  counts->interrupts = device->interrupts(device) - interrupts;
  counts->failed = load->failed;
  return done ? 0 : "timed_out";
}

// One request of each kind, and the bytes of the second are those of the first.
static const char* verify(struct Load* load) {
  const uint64_t seed = load->bytes * 33 + load->depth;
  struct BenchCounts counts;
  struct Load one = *load;
  one.depth = 1;
  for (one.write = 1; one.write >= 0; --one.write) {
    one.next = one.blocks - 1 - (one.blocks > 2);
    one.random = 0;
    if (one.write) {
      pattern_fill(one.buffers, one.bytes, seed);
    } else {
      clear_fast(one.buffers, one.bytes);
    }
    const char* why = measure(&one, 1, &counts);
    if (why || counts.failed) {
      return why ? why : "verification_refused";
    }
  }
  return pattern_is(one.buffers, one.bytes, seed) ? 0 : "other_bytes_come_back";
}

static const char* obstacle(const struct Load* load) {
  const struct BlockDevice* device = load->device;
  if (load->write && !device->writable) {
    return "read_only";
  }
  if (load->bytes < device->block) {
    return "blocks_are_larger";
  }
  if (load->bytes > device->maximum) {
    return "requests_are_smaller";
  }
  if (load->depth > device->depth) {
    return device->depth == 1 ? "one_request_at_a_time" : "queue_is_smaller";
  }
  if (!load->blocks) {
    return "disk_is_smaller";
  }
  return load->buffers ? 0 : "memory_is_smaller";
}

static void cell(const char* name, struct BlockDevice* device, int write, uint32_t bytes,
                 unsigned depth) {
  if (!bench_wanted(name)) {
    return;
  }
  struct Load load = {.device = device,
                      .write = write,
                      .random = text_has_word(bench_line(), "random"),
                      .bytes = bytes,
                      .depth = depth,
                      .blocks = device->sectors / (bytes / 512),
                      .next = 1,
                      .patience = kPatience * cycles_per_millisecond(),
                      .buffers = arena((unsigned long)bytes * depth)};
  const char* why = obstacle(&load);
  if (why) {
    bench_skip(name, why);
    return;
  }
  if (write && text_has_word(bench_line(), "verify") && (why = verify(&load))) {
    bench_fail(name, why);
    return;
  }
  const struct BenchCell what = {
      .name = name, .face = device->face, .body = measure, .context = &load};
  bench_run(&what);
}

struct Row {
  const char* name;
  uint8_t write;
  uint8_t depth;
  uint32_t bytes;
};
#define ROWS(bytes)                                                                \
  {"read-" #bytes "-d1", 0, 1, bytes}, {"read-" #bytes "-d4", 0, 4, bytes},        \
      {"read-" #bytes "-d32", 0, 32, bytes}, {"write-" #bytes "-d1", 1, 1, bytes}, \
      {"write-" #bytes "-d4", 1, 4, bytes}, {                                      \
    "write-" #bytes "-d32", 1, 32, bytes                                           \
  }
static const struct Row kRows[] = {ROWS(512), ROWS(4096), ROWS(65536), ROWS(1048576)};

static int allows(const char* face) {
  return !text_value(bench_line(), "face") || text_is(bench_line(), "face", face);
}

static struct BlockDevice* open_device(const char** why) {
  const char* line = bench_line();
  struct BlockDevice* device = 0;
  for (const struct BlockFace* face = block_faces; face->face && !device && !*why; ++face) {
    if (allows(face->face)) {
      device = face->open(line, why);
    }
  }
  return device;
}

int program_main(const char* command_line) {
  bench_begin("bench-disk", command_line);
  const char* why = 0;
  struct BlockDevice* device = open_device(&why);
  for (unsigned i = 0; i < sizeof kRows / sizeof *kRows; ++i) {
    const struct Row* row = kRows + i;
    if (device) {
      cell(row->name, device, row->write, row->bytes, row->depth);
    } else if (bench_wanted(row->name)) {
      bench_skip(row->name, why ? why : "no_such_device");
    }
  }
  return bench_end();
}
