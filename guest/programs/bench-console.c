// bench-console: what a piece of text costs, whatever the console's face; a program of `skiff
// bench` (docs/guest.md, "Bench programs"). A request is bytes= (default 64). Cells:
//   out  writes that many, one write at a time: lines of x
//   in   takes as many. Before the warm-up a line `want` says what has to be sent; for the measured
//        loop it is sent after `ready` (and the runner's byte)
//   face=virtio-console, or the serial port (16550 at COM1, PL011)  irq=poll|line|msix (serial
//   ports: line is the default) serial: mode=byte (looks at its state before each)|fifo (before
//   each 16)|string (16550: those 16 by one instruction)   virtio-console: transport= ring= index=
//   no-indirect no-event-idx
// The loops run unprivileged.

#include "arch/processor.h"
#include "guest/bench/bench.h"
#include "guest/bench/console_device.h"
#include "guest/bench/hot_loop.h"
#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"
#include "guest/virtio/deadline.h"

enum { kPatience = 10000 };

struct Text {
  struct ConsoleDevice* device;
  uint32_t bytes;
  uint64_t total, done;
  uint64_t came;  // bytes
  int waiting;    // a write is under way
  uint64_t started, since, patience;
};

static char text[kConsoleWriteMaximum];

static unsigned long out(unsigned long argument) {
  struct Text* t = (struct Text*)argument;
  struct ConsoleDevice* device = t->device;
  while (t->done < t->total) {
    if (!t->waiting) {
      t->started = t->since = read_cycles();
      device->write(device, text, t->bytes);
      t->waiting = 1;
      if (device->waits_for_interrupt) {
        return kSleep;
      }
    }
    if (device->written(device)) {
      histogram_add(&bench_histogram, read_cycles() - t->started);
      t->waiting = 0;
      ++t->done;
    } else if (device->waits_for_interrupt) {
      return kSleep;
    } else if (read_cycles() - t->since > t->patience) {
      return kTimeOut;
    }
  }
  return kDone;
}

static unsigned long in(unsigned long argument) {
  struct Text* t = (struct Text*)argument;
  struct ConsoleDevice* device = t->device;
  while (t->done < t->total) {
    const uint32_t missing = (uint32_t)((t->done + 1) * t->bytes - t->came);
    const uint32_t bytes = device->read(device, missing);
    if (bytes) {
      const uint64_t now = read_cycles();
      t->came += bytes;
      for (; t->done < t->total && t->came >= (t->done + 1) * t->bytes; ++t->done) {
        histogram_add(&bench_histogram, now - t->started);
        t->started = now;
      }
      t->since = now;
    } else if (device->sleeps) {
      if (!device->arm(device)) {
        return kSleep;
      }
    } else if (read_cycles() - t->since > t->patience) {
      return kTimeOut;
    }
  }
  return kDone;
}

static uint64_t progress(unsigned long argument) {
  const struct Text* t = (const struct Text*)argument;
  return t->came + t->done;
}

static int run(struct Text* t, HotLoop* loop) {
  return hot_loop_run(loop, (unsigned long)t, t->device->sleeps ? kPatience : 0, progress);
}

static int measure(struct Text* t, unsigned long (*loop)(unsigned long), uint64_t requests,
                   struct BenchCounts* counts) {
  struct ConsoleDevice* device = t->device;
  t->total = requests;
  t->done = t->came = 0;
  t->waiting = 0;
  t->patience = kPatience * cycles_per_millisecond();
  const uint64_t interrupts = device->interrupts(device);
  const uint64_t kicks = device->kicks;
  const uint64_t start = read_cycles();
  t->started = t->since = start;
  const int done = run(t, loop);
  counts->cycles = read_cycles() - start;
  counts->bytes = t->done * t->bytes;
  counts->kicks = device->kicks - kicks;
  counts->interrupts = device->interrupts(device) - interrupts;
  return done;
}

static const char* out_cell(void* context, uint64_t requests, struct BenchCounts* counts) {
  return measure(context, out, requests, counts) ? 0 : "nobody_takes_it";
}

static const char* in_cell(void* context, uint64_t requests, struct BenchCounts* counts) {
  struct Text* t = context;
  t->device->begin_read(t->device);
  const int done = measure(t, in, requests, counts);
  t->device->end_read(t->device);
  return done ? 0 : "nobody_sends";
}

static const char* want(void* context, uint64_t requests, int warm_up) {
  const struct Text* t = context;
  if (warm_up) {
    print("bench: want cell=in face=");
    print(t->device->face);
    print_number(" requests=", requests, "");
    print_number(" bytes=", requests * t->bytes, "\n");
  }
  return 0;
}

static struct ConsoleDevice* open_device(const char** why) {
  const char* line = bench_line();
  if (!text_is(line, "face", "virtio-console")) {
    return console_serial_open(line, why);
  }
  struct ConsoleDevice* device = 0;
  for (int pci = 1; pci >= 0 && !device && !*why; --pci) {
    if (!text_is(line, "transport", pci ? "mmio" : "pci")) {
      device = console_virtio_open(line, pci, why);
    }
  }
  return device;
}

int program_main(const char* command_line) {
  bench_begin("bench-console", command_line);
  const char* why = 0;
  struct ConsoleDevice* device = open_device(&why);
  unsigned long bytes = text_number(command_line, "bytes", 64);
  bytes = bytes < 1 ? 1 : bytes > kConsoleWriteMaximum ? kConsoleWriteMaximum : bytes;
  memset(text, 'x', bytes - 1);
  text[bytes - 1] = '\n';
  static struct Text traffic;
  traffic = (struct Text){.device = device, .bytes = (uint32_t)bytes};
  for (int reads = 0; reads < 2; ++reads) {
    const char* name = reads ? "in" : "out";
    if (!bench_wanted(name)) {
      continue;
    }
    if (!device) {
      bench_skip(name, why ? why : "no_such_device");
      continue;
    }
    const struct BenchCell cell = {.name = name,
                                   .face = device->face,
                                   .body = reads ? in_cell : out_cell,
                                   .context = &traffic,
                                   .prepare = reads ? want : 0};
    bench_run(&cell);
  }
  return bench_end();
}
