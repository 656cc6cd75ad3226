#include "guest/bench/console_device.h"
#include "guest/bench/virtio_open.h"
#include "guest/virtio/pool.h"
#include "guest/virtio/queue.h"

enum { kBuffers = 16, kBufferSize = 4096 };

static struct VirtQueue receive_queue, transmit_queue;

static void write(struct ConsoleDevice* device, const char* data, uint32_t bytes) {
  if (device->waits_for_interrupt) {
    (void)queue_want_interrupt(&transmit_queue, 1);
  }
  const struct Segment segment = {data, bytes, 0};
  (void)queue_add(&transmit_queue, &segment, 1, &transmit_queue);
  queue_kick(&transmit_queue);
  device->kicks = transmit_queue.notifications + receive_queue.notifications;
}

static int written(struct ConsoleDevice* device) {
  (void)device;
  return queue_take(&transmit_queue, 0) != 0;
}

static void post(void* buffer) {
  const struct Segment segment = {buffer, kBufferSize, 1};
  (void)queue_add(&receive_queue, &segment, 1, buffer);
}

static uint32_t read(struct ConsoleDevice* device, uint32_t most) {
  queue_want_no_interrupt(&receive_queue);
  uint32_t bytes = 0;
  uint32_t length = 0;
  for (void* buffer; bytes < most && (buffer = queue_take(&receive_queue, &length));) {
    bytes += length;
    post(buffer);
  }
  if (bytes) {
    queue_kick(&receive_queue);
    device->kicks = transmit_queue.notifications + receive_queue.notifications;
  }
  return bytes;
}

static int arm(struct ConsoleDevice* device) {
  (void)device;
  return queue_want_interrupt(&receive_queue, 1);
}

static void nothing(struct ConsoleDevice* device) {
  (void)device;
}

static uint64_t interrupts(struct ConsoleDevice* device) {
  (void)device;
  return virtio_open_interrupts(transmit_queue.device);
}

struct ConsoleDevice* console_virtio_open(const char* line, int pci, const char** why) {
  enum CompletionMode mode;
  struct VirtioDevice* device = virtio_open(line, kVirtioConsole, pci, 0, 2, &mode, why);
  if (!device) {
    return 0;
  }
  if (!queue_create(&receive_queue, device, 0, kBuffers) ||
      !queue_create(&transmit_queue, device, 1, kBuffers)) {
    *why = "no_queues";
    return 0;
  }
  for (unsigned i = 0; i < receive_queue.size; ++i) {
    post(pool_take(kBufferSize, kBufferSize));
  }
  virtio_driver_ok(device);
  queue_kick(&receive_queue);
  static struct ConsoleDevice console;
  console = (struct ConsoleDevice){.face = "virtio-console",
                                   .sleeps = mode != kPoll,
                                   .waits_for_interrupt = mode != kPoll,
                                   .write = write,
                                   .written = written,
                                   .read = read,
                                   .arm = arm,
                                   .begin_read = nothing,
                                   .end_read = nothing,
                                   .interrupts = interrupts};
  return &console;
}
