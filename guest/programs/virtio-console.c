// virtio-console: writes a line to a port of the virtio console and, with echo, sends what comes in
// back until a stop byte. What it says about itself goes to the serial port.
//   transport= ring= irq= index= as virtio-blk
//   text=WORD (default hello)  bytes=N of a known text more  echo  until=4
//   size: writes the window's size to the port whenever that changes, for ever
//   multiport  port=N: by name and number, after the conversation of 5.3.5

#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/program.h"
#include "guest/virtio/check.h"
#include "guest/virtio/options.h"
#include "guest/virtio/pool.h"
#include "guest/virtio/queue.h"

enum {  // 5.3.3, 5.3.4, 5.3.6.2
  kSize = 0,
  kMultiport = 1,
  kConfigPorts = 4,
  kDeviceReady = 0,
  kDeviceAdd = 1,
  kPortReady = 3,
  kConsolePort = 4,
  kResize = 5,
  kPortOpen = 6,
  kPortName = 7,
  kMaxPorts = 8,
  kPatience = 20000,
};

struct Message {
  uint32_t id;
  uint16_t event;
  uint16_t value;
  char name[64];
};

static struct VirtQueue receive_queue, transmit_queue, control_in, control_out;
static enum CompletionMode mode;
static struct Message* messages;  // what may come in, then one to go out

static int write_out(const char* bytes, unsigned length) {
  const struct Segment segment = {bytes, length, 0};
  (void)queue_add(&transmit_queue, &segment, 1, &transmit_queue);
  completion_arm(&transmit_queue, mode);
  queue_kick(&transmit_queue);
  return completion_sleep(&transmit_queue, mode, 1, kPatience) &&
         queue_take(&transmit_queue, 0) == &transmit_queue;
}

static int tell(uint32_t id, unsigned event, unsigned value) {
  struct Message* message = messages + kMaxPorts;
  *message = (struct Message){.id = id, .event = (uint16_t)event, .value = (uint16_t)value};
  const struct Segment segment = {message, 8, 0};
  return queue_request(&control_out, &segment, 1, 0, kPatience);
}

static void post_message(struct Message* message) {
  const struct Segment segment = {message, sizeof *message, 1};
  (void)queue_add(&control_in, &segment, 1, message);
  queue_kick(&control_in);
}

static void print_message(const struct Message* message, uint32_t length) {
  static const char* const kNames[] = {"ready",   "add",    "remove", "port-ready",
                                       "console", "resize", "open",   "name"};
  check_line();
  print_number("port ", message->id, " ");
  print(message->event < 8 ? kNames[message->event] : "?");
  print_number(" ", message->value, " ");
  for (uint32_t i = 8; message->event == kPortName && i < length && i < sizeof *message; ++i) {
    print_char(message->name[i - 8]);
  }
  print("\n");
}

// Until `wanted` is open, or nothing more comes.
static int open_port(uint32_t wanted) {
  int open = 0;
  tell(0xffffffff, kDeviceReady, 1);
  for (;;) {
    uint32_t length = 0;
    struct Message* message = queue_wait(&control_in, &length, open ? 200 : 2000);
    if (!message) {
      return open;
    }
    print_message(message, length);
    const uint32_t id = message->id;
    const unsigned event = message->event;
    open |= event == kPortOpen && id == wanted && message->value;
    post_message(message);
    if (event == kDeviceAdd) {
      tell(id, kPortReady, 1);
      tell(id, kPortOpen, 1);
    }
  }
}

static int create_queues(struct VirtioDevice* device, unsigned port) {
  const unsigned first = port == 0 ? 0 : 2 + 2 * port;  // 5.3.2
  if (!queue_create(&receive_queue, device, first, 32) ||
      !queue_create(&transmit_queue, device, first + 1, 32)) {
    return 0;
  }
  return !(device->features & feature(kMultiport)) ||
         (queue_create(&control_in, device, 2, 16) && queue_create(&control_out, device, 3, 16));
}

static void write_text(const char* line, unsigned long more) {
  char* text = pool_take(4096, 16);
  unsigned length = 0;
  const char* word = "hello";
  for (const char* at = line; *at; ++at) {
    if ((at == line || at[-1] == ' ') && at[0] == 't' && at[1] == 'e' && at[2] == 'x' &&
        at[3] == 't' && at[4] == '=') {
      word = at + 5;
    }
  }
  while (word[length] && word[length] != ' ' && length < 4000) {
    text[length] = word[length];
    ++length;
  }
  text[length++] = '\n';
  int sent = write_out(text, length);
  for (unsigned i = 0; i < 4096; ++i) {
    text[i] = i % 64 == 63 ? '\n' : (char)('0' + i % 64);
  }
  while (sent && more) {
    const unsigned part = more < 4096 ? (unsigned)more : 4096;
    sent = write_out(text, part);
    more -= part;
  }
  check("write", sent);
}

static void echo(char until) {
  char* buffers = pool_take(16 * 64, 64);
  char* copy = pool_take(64, 64);
  for (unsigned i = 0; i < 16; ++i) {
    const struct Segment segment = {buffers + i * 64, 64, 1};
    (void)queue_add(&receive_queue, &segment, 1, buffers + i * 64);
  }
  queue_kick(&receive_queue);
  check_line();
  print("echoing\n");
  for (;;) {
    completion_arm(&receive_queue, mode);
    uint32_t length = 0;
    char* buffer =
        completion_sleep(&receive_queue, mode, 1, 60000) ? queue_take(&receive_queue, &length) : 0;
    if (!buffer || length > 64) {
      check_fail("echo", "no input; length", length);
      return;
    }
    unsigned kept = 0;
    while (kept < length && buffer[kept] != until) {
      copy[kept] = buffer[kept];
      ++kept;
    }
    if (kept && !write_out(copy, kept)) {
      check("echo", 0);
      return;
    }
    if (kept < length) {
      check("echo", 1);
      return;
    }
    const struct Segment segment = {buffer, 64, 1};
    (void)queue_add(&receive_queue, &segment, 1, buffer);
    queue_kick(&receive_queue);
  }
}

static unsigned put_number(char* at, unsigned number) {
  unsigned length = 0;
  for (unsigned power = 10000; power; power /= 10) {
    if (number >= power || length || power == 1) {
      at[length++] = (char)('0' + number / power % 10);
    }
  }
  return length;
}

// Columns and rows are 16 bits each at the start of the configuration (5.3.4).
static void show_sizes(const struct VirtioDevice* device) {
  char* text = pool_take(64, 16);
  uint32_t shown = 0;
  for (;;) {
    const uint32_t generation = virtio_generation(device);
    const uint32_t size =
        (uint32_t)virtio_config(device, 0, 2) | (uint32_t)virtio_config(device, 2, 2) << 16;
    if (size == shown || generation != virtio_generation(device)) {
      continue;
    }
    shown = size;
    unsigned length = put_number(text, size & 0xffff);
    text[length++] = 'x';
    length += put_number(text + length, size >> 16);
    text[length++] = '\r';
    text[length++] = '\n';
    (void)write_out(text, length);
  }
}

int program_main(const char* line) {
  check_begin("virtio-console");
  const int multiport = text_has_word(line, "multiport");
  const unsigned port = multiport ? (unsigned)text_number(line, "port", 0) : 0;
  struct VirtioDevice* device =
      options_open(line, kVirtioConsole, feature(kSize) | (multiport ? feature(kMultiport) : 0),
                   2 + 2 * port + (multiport ? 2 : 0), &mode);
  if (!device) {
    return check_status();
  }
  if (multiport && !check("multiport", (device->features & feature(kMultiport)) != 0)) {
    return check_status();
  }
  if (!check("queues", create_queues(device, port))) {
    return check_status();
  }
  messages = pool_take((kMaxPorts + 1) * sizeof *messages, 16);
  virtio_driver_ok(device);
  if (multiport) {
    check_line();
    print_number("ports ", virtio_config(device, kConfigPorts, 4), "\n");
    for (unsigned i = 0; i < kMaxPorts; ++i) {
      post_message(messages + i);
    }
    if (!check("port open", open_port(port))) {
      return check_status();
    }
  }
  write_text(line, text_number(line, "bytes", 0));
  if (text_has_word(line, "size")) {
    show_sizes(device);
  }
  if (text_has_word(line, "echo")) {
    echo((char)text_number(line, "until", 4));
  }
  if (mode != kPoll) {
    check("interrupts came", completion_interrupts(transmit_queue.index) != 0);
  }
  check("not broken", !(virtio_status(device) & kStatusNeedsReset));
  check("reset", virtio_reset(device));
  return check_status();
}
