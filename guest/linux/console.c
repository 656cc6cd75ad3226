#include "guest/linux/console.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "guest/lib/text.h"

enum { kConsoleLevel = 8 };  // syslog(2), SYSLOG_ACTION_CONSOLE_LEVEL

static int console(void) {
  static int fd = -1;
  if (fd < 0) {
    fd = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
  }
  if (fd < 0) {
    exit(1);
  }
  return fd;
}

void console_set_up(void) {
  struct termios modes;
  klogctl(kConsoleLevel, NULL, 1);
  if (tcgetattr(console(), &modes) == 0) {
    cfmakeraw(&modes);
    tcsetattr(console(), TCSANOW, &modes);
  }
}

void console_say(const char* text, unsigned long length) {
  while (length) {
    const ssize_t written = write(console(), text, length);
    if (written <= 0) {
      exit(1);
    }
    text += written;
    length -= (unsigned long)written;
  }
  tcdrain(console());
}

void console_hold(void) {
  char byte;
  if (text_has_word(boot_line(), "hold") && read(console(), &byte, 1) != 1) {
    exit(1);
  }
}

const char* boot_line(void) {
  static char line[4096];
  if (!line[0]) {
    FILE* file = fopen("/proc/cmdline", "re");
    if (!file || !fgets(line, sizeof line, file)) {
      line[0] = ' ';
    }
    if (file) {
      fclose(file);
    }
  }
  return line;
}

// "  24:   12   PCI-MSI 65536-edge      virtio0-req.0": a number for each processor, then words.
static uint64_t interrupts_in(const char* line) {
  const char* at = strchr(line, ':');
  uint64_t sum = 0;
  if (at) {
    ++at;
    for (char* end; sum += strtoull(at, &end, 10), end != at; at = end) {
    }
  }
  return sum;
}

uint64_t interrupts_of(const char* word) {
  char line[1024];
  uint64_t sum = 0;
  FILE* file = fopen("/proc/interrupts", "re");
  while (file && fgets(line, sizeof line, file)) {
    if (strstr(line, word)) {
      sum += interrupts_in(line);
    }
  }
  if (file) {
    fclose(file);
  }
  return sum;
}

uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
