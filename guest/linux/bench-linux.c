// bench-linux: what a request costs a Linux guest, whatever the device's face; what `skiff bench
// linux` runs, from the initramfs of guest/linux/build.sh (docs/guest.md, "Bench programs"). Cells:
//   read-BYTES-dDEPTH, write-BYTES-dDEPTH            by fio, on the whole disk, which it destroys
//   transmit-BYTES, receive-BYTES, pingpong-BYTES    frames, as those of bench-net
//   face=virtio-pci|virtio-mmio|nvme|ide|e1000  cells=A,B  hold
// on the kernel's command line. Its clock is CLOCK_MONOTONIC, so that a cycle is a nanosecond.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/lib/text.h"
#include "guest/linux/console.h"
#include "guest/linux/disk.h"
#include "guest/linux/network.h"
#include "guest/linux/words.h"

enum { kDevicePatience = 10000 };  // [ms]

// A disk or card behind a face: where sysfs has it, and what its path there has and has not.
struct Place {
  const char* face;
  const char* name;
  const char* in_path;
  const char* not_in_path;
  const char* interrupts;  // in the name of its interrupts
};
static const struct Place kDisks[] = {
    {"virtio-pci", "vda", "/pci", "/none", "virtio"},
    {"virtio-mmio", "vda", "/virtio", "/pci", "virtio"},
    {"nvme", "nvme0n1", "/nvme/", "/virtio", "nvme"},
    {"ide", "sda", "/ata", "/virtio", "ata_piix"},
    {NULL, NULL, NULL, NULL, NULL},
};
static const struct Place kCards[] = {
    {"virtio-pci", "eth0", "/virtio", "/none", "virtio"},
    {"virtio-mmio", "eth0", "/virtio", "/pci", "virtio"},
    {"e1000", "eth0", "/pci", "/virtio", "eth"},
    {NULL, NULL, NULL, NULL, NULL},
};

// Null: no such face, or nothing came in time, or it is another face's; `*why` says which.
static const struct Place* find(const struct Place* places, const char* folder, const char** why) {
  const char* const line = boot_line();
  while (places->face && !text_is(line, "face", places->face)) {
    ++places;
  }
  if (!places->face) {
    *why = "no_such_face";
    return NULL;
  }
  char path[64];
  char target[512];
  snprintf(path, sizeof path, "%s/%s", folder, places->name);
  // It appears a moment after its driver is loaded.
  for (unsigned waited = 0; access(path, F_OK) != 0 && waited < kDevicePatience; waited += 10) {
    usleep(10000);
  }
  const ssize_t length = readlink(path, target, sizeof target - 1);
  if (length <= 0) {
    *why = "the_device_is_not_there;_has_the_initramfs_its_driver?";
    return NULL;
  }
  target[length] = 0;
  if (!strstr(target, places->in_path) || strstr(target, places->not_in_path)) {
    *why = "the_device_has_another_face";
    return NULL;
  }
  return places;
}

static int on_disk(const char* name) {
  char way[8];
  char end;
  const char* why = NULL;
  struct DiskCell cell = {.name = name};
  if (sscanf(name, "%7[a-z]-%u-d%u%c", way, &cell.bytes, &cell.depth, &end) != 3 ||
      (strcmp(way, "read") != 0 && strcmp(way, "write") != 0)) {
    return 0;
  }
  const struct Place* place = find(kDisks, "/sys/class/block", &why);
  if (!place) {
    say_without("fail", name, why);
    return 1;
  }
  char path[32];
  snprintf(path, sizeof path, "/dev/%s", place->name);
  cell.path = path;
  cell.face = place->face;
  cell.interrupts = place->interrupts;
  cell.writes = way[0] == 'w';
  disk_cell(&cell);
  return 1;
}

static int on_card(const char* name) {
  static const char* const kWays[] = {"transmit", "receive", "pingpong"};
  char way[16];
  char end;
  const char* why = NULL;
  struct NetCell cell = {.name = name};
  unsigned number = 0;
  if (sscanf(name, "%15[a-z]-%u%c", way, &cell.bytes, &end) != 2 || cell.bytes < 64 ||
      cell.bytes > 1514) {
    return 0;
  }
  while (number < 3 && strcmp(way, kWays[number]) != 0) {
    ++number;
  }
  if (number == 3) {
    return 0;
  }
  const struct Place* place = find(kCards, "/sys/class/net", &why);
  if (!place) {
    say_without("fail", name, why);
    return 1;
  }
  cell.card = place->name;
  cell.face = place->face;
  cell.interrupts = place->interrupts;
  cell.way = (enum NetWay)number;
  net_cell(&cell);
  return 1;
}

int main(int argc, char** argv) {
  if (argc > 1) {
    return disk_hook(argv + 1);
  }
  static const char kBegin[] = "bench: begin program=bench-linux version=1 tsc_khz=1000000\n";
  static const char kEnd[] = "bench: end status=0\n";
  console_set_up();
  console_say(kBegin, sizeof kBegin - 1);
  const char* list = text_value(boot_line(), "cells");
  char names[4096] = "";
  if (list) {
    snprintf(names, sizeof names, "%.*s", (int)strcspn(list, " \t\n"), list);
  }
  for (char* name = strtok(names, ","); name; name = strtok(NULL, ",")) {
    if (!on_disk(name) && !on_card(name)) {
      say_without("skip", name, "no_such_cell");
    }
  }
  console_say(kEnd, sizeof kEnd - 1);
  return 0;
}
