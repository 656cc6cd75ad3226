// virtio-rng: reads entropy and checks that it is there, is not all zero, and differs from read to
// read.   transport= ring= irq= index= as virtio-blk   ops=8  bytes=64

#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"
#include "guest/virtio/check.h"
#include "guest/virtio/options.h"
#include "guest/virtio/pool.h"
#include "guest/virtio/queue.h"

int program_main(const char* line) {
  check_begin("virtio-rng");
  const unsigned long ops = text_number(line, "ops", 8);
  unsigned long bytes = (text_number(line, "bytes", 64) + 7) & ~7ul;
  if (bytes < 8 || bytes > 1 << 20) {
    bytes = 64;
  }
  enum CompletionMode mode;
  struct VirtQueue queue;
  struct VirtioDevice* device = options_open(line, kVirtioRng, 0, 1, &mode);
  if (!device) {
    return check_status();
  }
  if (!check("queue", queue_create(&queue, device, 0, 16))) {
    return check_status();
  }
  uint64_t* data = pool_take(bytes, 4096);
  virtio_driver_ok(device);
  uint64_t last = 0;
  unsigned same = 0;
  unsigned zero = 0;
  unsigned long total = 0;
  for (unsigned long i = 0; i < ops; ++i) {
    clear_fast(data, bytes);
    const struct Segment segment = {data, (uint32_t)bytes, 1};
    uint32_t written = 0;
    queue_add(&queue, &segment, 1, data);
    completion_arm(&queue, mode);
    queue_kick(&queue);
    if (!completion_sleep(&queue, mode, 1, 20000) || queue_take(&queue, &written) != data) {
      check_fail("read", "no answer to request", i);
      return check_status();
    }
    if (written == 0 || written > bytes) {
      check_fail("read", "used length", written);
      return check_status();
    }
    total += written;
    if (written >= 8) {
      zero += data[0] == 0;
      same += data[0] == last;
      last = data[0];
    }
  }
  check_line();
  print_number("bytes ", total, "\n");
  check("read", total != 0);
  check("not zero", zero == 0);
  check("reads differ", same == 0);
  if (mode != kPoll) {
    check("interrupts came", completion_interrupts(0) != 0);
  }
  check("reset", virtio_reset(device));
  return check_status();
}
