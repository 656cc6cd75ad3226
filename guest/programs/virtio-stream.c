// virtio-stream: much through the virtio console's port 0, by unprivileged loops, native on
// every KVM. Waits for one byte from outside, then
//   send=MIB         writes that many MiB: 64 KiB of bytes 0 to 255, over and over
//   receive=BYTES    takes what comes after that byte and writes "received N bytes, cksum C", where
//                    C is what POSIX cksum says of them
// and powers off.
//   transport= ring= irq= index= as virtio-blk: irq=poll looks at the ring all the time

#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"
#include "guest/machine/unprivileged.h"
#include "guest/virtio/check.h"
#include "guest/virtio/options.h"
#include "guest/virtio/pool.h"
#include "guest/virtio/queue.h"

enum { kBuffers = 32, kSendSize = 64 * 1024, kReceiveSize = 4096, kPatience = 60000 };

static struct VirtQueue receive_queue, transmit_queue;
static enum CompletionMode mode;
static char* receive_buffers;
static char* send_buffer;

struct Stream {
  unsigned long total;
  unsigned long begun;  // of a sender: bytes offered
  unsigned long done;
  uint32_t crc;
};
static uint32_t crc_table[256];

static void make_crc_table(void) {
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i << 24;
    for (unsigned bit = 0; bit < 8; ++bit) {
      value = value << 1 ^ (value >> 31 ? 0x04c11db7u : 0);
    }
    crc_table[i] = value;
  }
}

static uint32_t crc_byte(uint32_t crc, unsigned byte) {
  return crc << 8 ^ crc_table[(crc >> 24 ^ byte) & 0xff];
}

static void offer(char* buffer) {
  const struct Segment segment = {buffer, kReceiveSize, 1};
  (void)queue_add(&receive_queue, &segment, 1, buffer);
}

// Unprivileged; returns when all is done, or when the device has all that can be given to it.
static unsigned long send(unsigned long argument) {
  struct Stream* s = (struct Stream*)argument;
  for (unsigned idle = 0; s->done < s->total;) {
    int moved = 0;
    while (queue_take(&transmit_queue, 0)) {
      s->done += kSendSize;
      moved = 1;
    }
    while (s->begun < s->total && s->begun - s->done < (unsigned long)kBuffers * kSendSize) {
      const struct Segment segment = {send_buffer, kSendSize, 0};
      (void)queue_add(&transmit_queue, &segment, 1, send_buffer);
      s->begun += kSendSize;
      moved = 1;
    }
    queue_kick(&transmit_queue);
    idle = moved ? 0 : idle + 1;
    if (!moved && (mode != kPoll || idle > 100000000)) {
      break;
    }
  }
  return 0;
}

static unsigned long receive(unsigned long argument) {
  struct Stream* s = (struct Stream*)argument;
  for (unsigned idle = 0; s->done < s->total;) {
    uint32_t length = 0;
    char* buffer = queue_take(&receive_queue, &length);
    if (!buffer) {
      queue_kick(&receive_queue);
      if (mode != kPoll || ++idle > 100000000) {
        break;
      }
      continue;
    }
    idle = 0;
    uint32_t crc = s->crc;
    for (uint32_t i = 0; i < length; ++i) {
      crc = crc_byte(crc, (unsigned char)buffer[i]);
    }
    s->crc = crc;
    s->done += length;
    offer(buffer);
  }
  return 0;
}

static int run(struct Stream* s, unsigned long (*body)(unsigned long), struct VirtQueue* queue,
               unsigned at_once) {
  while (s->done < s->total) {
    const unsigned long before = s->done + s->begun;
    unprivileged_call(body, (unsigned long)s);
    if (s->done >= s->total) {
      break;
    }
    if (mode == kPoll ? s->done + s->begun == before
                      : !completion_sleep(queue, mode, at_once, kPatience)) {
      return 0;
    }
  }
  return 1;
}

static unsigned append(char* text, unsigned at, const char* word) {
  while (*word) {
    text[at++] = *word++;
  }
  return at;
}

static unsigned append_number(char* text, unsigned at, unsigned long number) {
  char digits[20];
  unsigned count = 0;
  do {
    digits[count++] = (char)('0' + number % 10);
    number /= 10;
  } while (number);
  while (count) {
    text[at++] = digits[--count];
  }
  return at;
}

static int say_received(const struct Stream* s) {
  uint32_t crc = s->crc;
  for (unsigned long length = s->done; length; length >>= 8) {
    crc = crc_byte(crc, length & 0xff);
  }
  char* text = pool_take(128, 16);
  unsigned at = append(text, 0, "received ");
  at = append_number(text, at, s->done);
  at = append(text, at, " bytes, cksum ");
  at = append_number(text, at, (uint32_t)~crc);
  at = append(text, at, "\n");
  const struct Segment segment = {text, at, 0};
  return queue_request(&transmit_queue, &segment, 1, 0, kPatience);
}

int program_main(const char* line) {
  check_begin("virtio-stream");
  struct VirtioDevice* device = options_open(line, kVirtioConsole, 0, 2, &mode);
  if (!device || !check("queues", queue_create(&receive_queue, device, 0, kBuffers * 2) &&
                                      queue_create(&transmit_queue, device, 1, kBuffers * 2))) {
    return check_status();
  }
  virtio_driver_ok(device);
  make_crc_table();
  receive_buffers = pool_take(kBuffers * kReceiveSize, 4096);
  send_buffer = pool_take(kSendSize, 4096);
  for (unsigned i = 0; i < 256; ++i) {
    send_buffer[i] = (char)i;
  }
  for (unsigned filled = 256; filled < kSendSize; filled *= 2) {
    memcpy(send_buffer + filled, send_buffer, filled);
  }

  // The byte to begin with comes alone in a buffer of one.
  const struct Segment first = {receive_buffers, 1, 1};
  (void)queue_add(&receive_queue, &first, 1, receive_buffers);
  queue_kick(&receive_queue);
  while (!queue_wait(&receive_queue, 0, kPatience)) {
  }
  struct Stream s = {.total = text_number(line, "send", 0) << 20};
  if (s.total) {
    check("sent", run(&s, send, &transmit_queue, kBuffers / 2));
    return check_status();
  }
  s.total = text_number(line, "receive", 0);
  for (unsigned i = 0; i < kBuffers; ++i) {
    offer(receive_buffers + (unsigned long)i * kReceiveSize);
  }
  check("received", run(&s, receive, &receive_queue, 1) && say_received(&s));
  return check_status();
}
