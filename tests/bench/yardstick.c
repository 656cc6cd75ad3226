/* The yardstick of `make bench`: a bare C program that makes the KVM calls a VM of 1 vCPU and 128 MiB
 * with the default devices needs, and nothing else. What Skiff takes longer than this is Skiff's own.
 *
 *   yardstick GUEST [COMMAND_LINE]   load the ELF64 GUEST with a PVH note, run it, print what it
 *                                    writes to COM1; ends when the guest writes to the debug-exit port
 *                                    0xf4, or with an exit that is no port I/O
 *
 * Sources: Linux Documentation/virt/kvm/api.rst; the PVH boot ABI (xen.git docs/misc/pvh.pandoc). */
#define _GNU_SOURCE
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RAM = 128 << 20, START_INFO = 0x6000, COMMAND_LINE = 0x7000, PVH_NOTE = 18 };

static int kvm, vm, vcpu;
static struct kvm_run *run;
static uint8_t *ram;

static void check(int result, const char *what) {
  if (result < 0) err(1, "%s", what);
}

static void create_vm(void) {
  kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  check(kvm, "/dev/kvm");
  check(ioctl(kvm, KVM_GET_API_VERSION, 0), "KVM_GET_API_VERSION");
  const int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
  check(size, "KVM_GET_VCPU_MMAP_SIZE");
  vm = ioctl(kvm, KVM_CREATE_VM, 0);
  check(vm, "KVM_CREATE_VM");
  ram = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (ram == MAP_FAILED) err(1, "mmap");
  struct kvm_userspace_memory_region slot = {
      .slot = 0, .guest_phys_addr = 0, .memory_size = RAM, .userspace_addr = (uintptr_t)ram};
  check(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot), "KVM_SET_USER_MEMORY_REGION");
  check(ioctl(vm, KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP");
  struct kvm_pit_config pit = {.flags = KVM_PIT_SPEAKER_DUMMY};
  check(ioctl(vm, KVM_CREATE_PIT2, &pit), "KVM_CREATE_PIT2");
  vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
  check(vcpu, "KVM_CREATE_VCPU");
  run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
  if (run == MAP_FAILED) err(1, "mmap of kvm_run");
}

static void set_cpuid_and_msrs(void) {
  static struct {
    struct kvm_cpuid2 header;
    struct kvm_cpuid_entry2 entries[256];
  } cpuid = {.header.nent = 256};
  check(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid), "KVM_GET_SUPPORTED_CPUID");
  check(ioctl(vcpu, KVM_SET_CPUID2, &cpuid), "KVM_SET_CPUID2");
  struct {
    struct kvm_msrs header;
    struct kvm_msr_entry entries[2];
  } msrs = {.header.nmsrs = 2,
            .entries = {{.index = 0x1a0, .data = 1}, {.index = 0x2ff, .data = 0x806}}};
  check(ioctl(vcpu, KVM_SET_MSRS, &msrs), "KVM_SET_MSRS");
}

static struct kvm_segment flat_segment(uint16_t selector, uint8_t type) {
  struct kvm_segment segment = {.limit = 0xffffffff, .selector = selector, .type = type,
                                .present = 1, .db = 1, .s = 1, .g = 1};
  return segment;
}

static void set_registers(uint64_t rip, uint64_t rbx) {
  struct kvm_sregs sregs;
  check(ioctl(vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
  sregs.cs = flat_segment(0x08, 0xb);
  sregs.ds = sregs.es = sregs.ss = sregs.fs = sregs.gs = flat_segment(0x10, 0x3);
  sregs.cr0 = 0x11;
  check(ioctl(vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
  struct kvm_regs regs = {.rip = rip, .rbx = rbx, .rflags = 2};
  check(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
}

/* Reads the program's segments into RAM; returns the PVH entry point. */
static uint64_t load_guest(const char *path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  check(fd, path);
  Elf64_Ehdr header;
  if (pread(fd, &header, sizeof header, 0) != sizeof header) errx(1, "%s: too short", path);
  uint64_t entry = 0;
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    const off_t at = (off_t)(header.e_phoff + (uint64_t)i * sizeof segment);
    if (pread(fd, &segment, sizeof segment, at) != sizeof segment) errx(1, "%s: cut short", path);
    if (segment.p_type == PT_LOAD &&
        pread(fd, ram + segment.p_paddr, segment.p_filesz, (off_t)segment.p_offset) < 0) {
      err(1, "%s", path);
    }
    if (segment.p_type == PT_NOTE) {
      uint8_t notes[4096];
      const ssize_t length = pread(fd, notes, sizeof notes, (off_t)segment.p_offset);
      for (ssize_t n = 0; n + 12 <= length && (uint64_t)n < segment.p_filesz;) {
        uint32_t words[3]; /* name size, descriptor size, type */
        memcpy(words, notes + n, sizeof words);
        const ssize_t descriptor = n + 12 + (ssize_t)((words[0] + 3) & ~3U);
        if (words[2] == PVH_NOTE) memcpy(&entry, notes + descriptor, words[1] < 8 ? words[1] : 8);
        n = descriptor + (ssize_t)((words[1] + 3) & ~3U);
      }
    }
  }
  close(fd);
  if (entry == 0) errx(1, "%s: no PVH entry note", path);
  return entry;
}

/* struct hvm_start_info, version 1: magic, version, flags, modules, 64-bit addresses of the module list
 * and of the command line, then what we leave at zero. */
static void write_start_info(const char *command_line) {
  const uint32_t start_info[14] = {0x336ec578, 1, 0, 0, 0, 0, COMMAND_LINE, 0};
  memcpy(ram + START_INFO, start_info, sizeof start_info);
  if (strlen(command_line) > 4000) errx(1, "command line too long");
  strcpy((char *)ram + COMMAND_LINE, command_line);
}

static int run_guest(void) {
  for (;;) {
    check(ioctl(vcpu, KVM_RUN, 0), "KVM_RUN");
    if (run->exit_reason != KVM_EXIT_IO) {
      fprintf(stderr, "yardstick: the guest ended with exit reason %u\n", run->exit_reason);
      return 1;
    }
    if (run->io.port == 0x3fd && run->io.direction == KVM_EXIT_IO_IN) {
      *((uint8_t *)run + run->io.data_offset) = 0x60; /* transmitter empty */
    } else if (run->io.port == 0x3f8 && run->io.direction == KVM_EXIT_IO_OUT) {
      if (write(1, (uint8_t *)run + run->io.data_offset, run->io.count) < 0) return 1;
    } else if (run->io.direction == KVM_EXIT_IO_OUT && run->io.port == 0xf4) {
      return 0;
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 3) {
    fprintf(stderr, "usage: yardstick GUEST [COMMAND_LINE]\n");
    return 2;
  }
  create_vm();
  const uint64_t entry = load_guest(argv[1]);
  write_start_info(argc == 3 ? argv[2] : "");
  set_cpuid_and_msrs();
  set_registers(entry, START_INFO);
  return run_guest();
}
